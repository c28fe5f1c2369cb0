-- Forgets a counter.
--
-- counter  its row: rate_key(key(…), kind, window)
-- Returns  whether there was one
create function @schema@.reset_rate(
  counter bytea,
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
declare
  taken bytea[] := array[counter]; mine bytea[]; made bigint; seen boolean;
begin
  -- @include lib/durability.sql
  -- @include lib/take.sql table=rate
  delete from @schema@.rate_log l where l.key = counter;
  delete from @schema@.rate t where t.key = counter returning t.gone > 0 into seen;
  return seen;
end $$;
