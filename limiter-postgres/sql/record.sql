-- Adds to what is used of a quota, past its cap too. An amount of 0 changes nothing.
--
-- key       key(…)
-- the rest  the period (1 hour, 2 day, 3 week, 4 month, 5 year), the offset of its zone from UTC in minutes, max in units,
--           the amount in units; durable: the commit waits for the disk; wait, lock_ms: see lib/take.sql; at_ms: the time,
--           by tests only
-- Returns   units used, reserved and left; ms to the period's end
-- Clock     the server's, read once the row is locked; the time of the counter's last change where that is up to 60 s later
-- Cost      independent of the number of reservations, but for those that have run out and aren't dropped yet
create function @schema@.record(
  key bytea, period bigint, offset_minutes bigint, max bigint, amount bigint,
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns table (used bigint, reserved bigint, remaining bigint, reset_after_ms bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
#variable_conflict use_variable
declare
  taken bytea[]; mine bytea[]; made bigint;
  clock bigint; now_ms bigint; name bytea; period_key bytea; ends bigint; counts boolean; current boolean;
  written bigint; end_was bigint; next_end bigint; expired bigint;
begin
  -- @include lib/asked/time.sql
  -- @include lib/asked/quota.sql
  -- @include lib/asked/number.sql value=max least=0 most=9007199254740991
  -- @include lib/asked/number.sql value=amount least=0 most=9007199254740991
  if amount = 0 then
    return query select c.used, c.reserved, c.remaining, c.reset_after_ms
      from @schema@.check(key, period, offset_minutes, max, at_ms) c;
    return;
  end if;
  -- @include lib/durability.sql
  name :=
    -- @include lib/quota/name.sql key=key period=period zone=offset_minutes
    ;
  taken := array[name];
  -- @include lib/take.sql table=quota
  -- @include lib/clock.sql
  select q.written, q.end_ms, q.used, q.reserved, q.next_end into written, end_was, used, reserved, next_end
    from @schema@.quota q where q.key = name;
  -- @include lib/quota/expired.sql
  -- @include lib/quota/now.sql period=period zone=offset_minutes
  -- @include lib/quota/roll.sql
  used := least(used + amount, 9007199254740991);
  -- @include lib/quota/keep.sql life=ends
  remaining := greatest(0, max - used - reserved);
  reset_after_ms := ends - now_ms;
  return next;
end $$;
