-- Takes away what is held under an id and adds what was really used, in each counter where the id wasn't settled within
-- the last ten minutes. Past the cap too; and where nothing is held any more, or ever was.
--
-- id        the reservation's
-- the rest  one of each a charge: the key (key(…)), the period (1 hour, 2 day, 3 week, 4 month, 5 year), the offset of its
--           zone from UTC in minutes, max in units, the units really used; then as for reserve
-- Returns   a row for each charge in their order: its place, from 1; units used, reserved and left; ms to the period's
--           end; whether it counted: not where the id had been settled
-- Clock     as for reserve
-- Cost      as for reserve
create function @schema@.settle(
  id text, keys bytea[], periods bigint[], offsets bigint[], maxes bigint[], amounts bigint[],
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns table (
  place bigint, used bigint, reserved bigint, remaining bigint, reset_after_ms bigint, counted boolean
)
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
#variable_conflict use_variable
declare
  taken bytea[]; mine bytea[]; made bigint;
  clock bigint; now_ms bigint; name bytea; period_key bytea; ends bigint; counts boolean; current boolean; is_settled boolean;
  written bigint; end_was bigint; next_end bigint; expired bigint; until bigint; own bigint; own_expires bigint;
begin
  -- @include lib/asked/quotas.sql
  -- @include lib/durability.sql
  taken := array(select
    -- @include lib/quota/name.sql key=u.k period=u.p zone=u.z
    from unnest(keys, periods, offsets) u (k, p, z));
  -- @include lib/take.sql table=quota
  -- @include lib/clock.sql
  for i in 1 .. cardinality(taken) loop
    name := taken[i];
    -- @include lib/quota/look.sql period=periods[i] zone=offsets[i]
    if not is_settled then
      -- @include lib/quota/roll.sql
      if own is not null then
        delete from @schema@.held h where h.key = period_key and h.id = id;
        reserved := reserved - own;
      end if;
      used := least(used + amounts[i], 9007199254740991);
      until := least(now_ms + 600000, 9007199254740991);
      insert into @schema@.settled as s
        values (name, id, until, case when at_ms is null then until + 60000 else 9223372036854775807 end)
        on conflict on constraint settled_pkey do update set until = excluded.until, gone = excluded.gone;
      -- @include lib/quota/keep.sql life=greatest(until,least(used,1)*ends)
    end if;
    place := i;
    counted := not is_settled;
    remaining := greatest(0, maxes[i] - used - reserved);
    reset_after_ms := ends - now_ms;
    return next;
  end loop;
end $$;
