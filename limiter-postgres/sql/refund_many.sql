-- Gives back charges that were made.
--
-- counters  the row of each line, each once: rate_key(key(…), kind, window)
-- lines     six numbers a line: kind (10 more where denied hits count), max, window in ms, capacity, cost, and the time of
--           the charge
-- Returns   how many lines gave something back
-- Clock     the server's, read once all rows are locked
create function @schema@.refund_many(
  counters bytea[], lines bigint[],
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
<<this>>
declare
  taken bytea[] := counters; mine bytea[]; made bigint;
  clock bigint; now_ms bigint; name bytea; kind bigint;
  max_units bigint; window_ms bigint; capacity bigint; cost bigint; charged_at bigint;
  a bigint; b bigint; stored bigint; written bigint; room bigint; m bigint;
  fits boolean; gone_ms bigint; changed boolean; given_back bigint := 0; c bigint := 1;
begin
  -- @include lib/durability.sql
  -- @include lib/take.sql table=rate
  -- @include lib/clock.sql
  foreach name in array counters loop
    kind := lines[c] % 10; max_units := lines[c + 1]; window_ms := lines[c + 2];
    capacity := lines[c + 3]; cost := lines[c + 4]; charged_at := lines[c + 5];
    c := c + 6;
    select t.a, t.b, t.written into a, b, written from @schema@.rate t where t.key = name;
    stored := a; changed := false;
    -- @include lib/look.sql
    -- A counter that is to be taken as new has nothing to give back to.
    continue when cost = 0 or written = -1;
    if kind = 1 then
      -- @include lib/fixed_window/refund.sql
    elsif kind = 2 then
      -- @include lib/sliding_window/refund.sql
    elsif kind = 3 then
      -- @include lib/sliding_log/refund.sql
    else
      -- @include lib/token_bucket/refund.sql
    end if;
    if changed then
      given_back := given_back + 1;
      update @schema@.rate t set a = this.a, b = this.b, written = now_ms,
        gone = case when at_ms is null then gone_ms + 60000 else 9223372036854775807 end
        where t.key = name;
    end if;
  end loop;
  return given_back;
end $$;
