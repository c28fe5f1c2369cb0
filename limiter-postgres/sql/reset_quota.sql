-- Forgets a quota's counter, and what it knows of reservations.
--
-- key       key(…)
-- the rest  the period (1 hour, 2 day, 3 week, 4 month, 5 year) and the offset of its zone from UTC in minutes; then as for
--           record
create function @schema@.reset_quota(
  key bytea, period bigint, offset_minutes bigint,
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
declare
  name bytea; taken bytea[]; mine bytea[]; made bigint;
begin
  -- @include lib/asked/quota.sql
  -- @include lib/durability.sql
  name :=
    -- @include lib/quota/name.sql key=key period=period zone=offset_minutes
    ;
  taken := array[name];
  -- @include lib/take.sql table=quota
  delete from @schema@.held h using @schema@.quota q where q.key = name and h.key = name || int8send(q.end_ms);
  delete from @schema@.settled s where s.key = name;
  delete from @schema@.quota q where q.key = name;
end $$;
