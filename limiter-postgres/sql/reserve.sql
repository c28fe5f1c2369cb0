-- Sets units of quotas aside: in all counters or in none.
--
-- id        the reservation's; the same one again, while it is held, moves its end and isn't counted twice
-- the rest  one of each a charge: the key (key(…)), the period (1 hour, 2 day, 3 week, 4 month, 5 year), the offset of its
--           zone from UTC in minutes, max in units, the amount in units; then the time to live in ms; durable: the commit
--           waits for the disk; wait, lock_ms: see lib/take.sql; at_ms: the time, by tests only
-- Returns   a row for each charge in their order: its place, from 1; whether it fits, and if all do, they are set aside;
--           units used, reserved and left; ms to the period's end; and where it doesn't fit, the ms until it does,
--           -1 where it never will. Or one row alone, whose conflict isn't null, and nothing is changed: the units that
--           the id holds there, which are others, or -1 where it was settled less than ten minutes ago
-- Clock     the server's, read once all rows are locked; for each counter the time of its last change where that is up to
--           60 s later
-- Cost      independent of the number of reservations where it fits, but for those that have run out and aren't dropped
--           yet
create function @schema@.reserve(
  id text, keys bytea[], periods bigint[], offsets bigint[], maxes bigint[], amounts bigint[], ttl_ms bigint,
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns table (
  place bigint, allowed boolean, used bigint, reserved bigint, remaining bigint, reset_after_ms bigint,
  retry_after_ms bigint, conflict bigint
)
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
#variable_conflict use_variable
declare
  taken bytea[]; mine bytea[]; made bigint;
  clock bigint; now_ms bigint; name bytea; period_key bytea; ends bigint; counts boolean; current boolean; is_settled boolean;
  written bigint; end_was bigint; next_end bigint; expired bigint; until bigint;
  own bigint; own_expires bigint; expires bigint; fits boolean := true;
  -- @include lib/own_transaction.sql
begin
  -- @include lib/asked/quotas.sql
  -- @include lib/asked/number.sql value=ttl_ms least=1 most=2592000000
  taken := array(select
    -- @include lib/quota/name.sql key=u.k period=u.p zone=u.z
    from unnest(keys, periods, offsets) u (k, p, z));
  -- @include lib/take.sql table=quota
  -- @include lib/clock.sql
  for i in 1 .. cardinality(taken) loop
    name := taken[i];
    -- @include lib/quota/look.sql period=periods[i] zone=offsets[i]
    if is_settled or own <> amounts[i] then
      place := i; allowed := false; used := null; reserved := null;
      conflict := case when is_settled then -1 else own end;
      fits := false;
      return next;
      exit;
    end if;
    fits := fits and (own is not null or used + reserved <= maxes[i] - amounts[i]);
  end loop;
  if not fits and own_transaction then
    -- Nothing is stored that the commit could wait for.
    durable := false;
  end if;
  -- @include lib/durability.sql
  if conflict is not null then
    return;
  end if;
  for i in 1 .. cardinality(taken) loop
    if i > 1 or cardinality(taken) > 1 then
      name := taken[i];
      -- @include lib/quota/look.sql period=periods[i] zone=offsets[i]
    end if;
    allowed := own is not null or used + reserved <= maxes[i] - amounts[i];
    retry_after_ms := null;
    if fits then
      -- @include lib/quota/roll.sql
      expires := least(now_ms + ttl_ms, 9007199254740991);
      next_end := least(next_end, expires);
      if own is null then
        -- One of that id which has run out may be left.
        with dropped as (delete from @schema@.held h where h.key = period_key and h.id = id returning h.amount)
        select expired - coalesce(sum(d.amount), 0) into expired from dropped d;
        insert into @schema@.held values (period_key, id, amounts[i], expires);
        reserved := reserved + amounts[i];
      else
        update @schema@.held h set expires = expires where h.key = period_key and h.id = id;
      end if;
      -- @include lib/quota/keep.sql life=least(ends,expires)
    elsif not allowed and amounts[i] > maxes[i] then
      retry_after_ms := -1;
    elsif not allowed then
      retry_after_ms := least(ends, case when used <= maxes[i] - amounts[i] then
        @schema@.quota_room(period_key, now_ms, used + reserved - (maxes[i] - amounts[i])) end) - now_ms;
    end if;
    place := i;
    remaining := greatest(0, maxes[i] - used - reserved);
    reset_after_ms := ends - now_ms;
    return next;
  end loop;
end $$;
