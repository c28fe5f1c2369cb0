-- Whether anything of a quota is left. Changes nothing, locks nothing.
--
-- key       key(…)
-- the rest  the period (1 hour, 2 day, 3 week, 4 month, 5 year), the offset of its zone from UTC in minutes, max in units;
--           at_ms: the time, by tests only
-- Returns   whether anything is left; units used, reserved and left; ms to the period's end; and where nothing is left, the
--           ms until there is, -1 where there never will be
-- Clock     the server's, read before the counter; the time of the counter's last change where that is up to 60 s later
-- Cost      independent of the number of reservations, but for those that have run out and aren't dropped yet; where nothing
--           is left, it looks through those that have to run out before there is
create function @schema@.check(
  key bytea, period bigint, offset_minutes bigint, max bigint, at_ms bigint default null
) returns table (
  allowed boolean, used bigint, reserved bigint, remaining bigint, reset_after_ms bigint, retry_after_ms bigint
)
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
#variable_conflict use_variable
declare
  clock bigint; now_ms bigint; name bytea; period_key bytea; ends bigint; counts boolean; current boolean;
  written bigint; end_was bigint; expired bigint; frees bigint;
begin
  -- @include lib/asked/time.sql
  -- @include lib/asked/quota.sql
  -- @include lib/asked/number.sql value=max least=0 most=9007199254740991
  name :=
    -- @include lib/quota/name.sql key=key period=period zone=offset_minutes
    ;
  -- @include lib/clock.sql
  -- All in one statement: another would see what was changed in between.
  select q.written, q.end_ms, q.used, q.reserved, q.expired,
      case when q.used < max and q.used + q.reserved - q.expired >= max then
        @schema@.quota_room(name || int8send(q.end_ms), greatest(clock, q.written), q.used + q.reserved - q.expired - max + 1)
      end
    into written, end_was, used, reserved, expired, frees
    from (
      select q.*, case when q.next_end > greatest(clock, q.written) then 0 else (
          select coalesce(sum(h.amount), 0)::bigint
            from @schema@.held h where h.key = name || int8send(q.end_ms) and h.expires <= greatest(clock, q.written)
        ) end as expired
        from @schema@.quota q where q.key = name offset 0
    ) q;
  if not found then
    written := 0; end_was := 0; used := 0; reserved := 0; expired := 0;
  end if;
  -- @include lib/quota/now.sql period=period zone=offset_minutes
  allowed := used + reserved < max;
  remaining := greatest(0, max - used - reserved);
  reset_after_ms := ends - now_ms;
  if max = 0 then
    retry_after_ms := -1;
  elsif not allowed then
    retry_after_ms := least(ends, frees) - now_ms;
  end if;
  return next;
end $$;
