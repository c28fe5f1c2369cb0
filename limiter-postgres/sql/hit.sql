-- Charges one or more limits: all of them, or none where one doesn't fit. For programs that check no arguments of their own.
--
-- keys          key(…), a charge each
-- algorithms    fixed_window, sliding_window, sliding_log or token_bucket
-- maxes         how many units in each window of so many windows_ms
-- bursts        how many tokens a bucket holds; null, and for the others always null: max
-- costs         how many units; null: 1 each
-- count_denied  whether a hit that a limit denies is counted there; null: never
-- the rest      durable: the commit waits for the disk; lock_ms: how long to wait for a row that somebody else has, 55P03
--               then, null: as long as the session says; at_ms: the time, by tests only
-- Returns       a row a charge in their order: its place, from 1; whether it fits, and if all do, they are charged; units
--               left; ms until the counter is as if never used; where it doesn't fit the ms until it does, -1 where it never
--               will; the time of the charge where units were charged. 22023 for what is out of its bounds
-- Clock         the server's, read once all rows are locked
create function @schema@.hit(
  keys bytea[], algorithms text[], maxes bigint[], windows_ms bigint[],
  bursts bigint[] default null, costs bigint[] default null, count_denied boolean[] default null,
  durable boolean default false, lock_ms bigint default null, at_ms bigint default null
) returns table (
  place bigint, allowed boolean, remaining bigint, reset_after_ms bigint, retry_after_ms bigint, charged_at_ms bigint
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  kind bigint; max_units bigint; window_ms bigint; capacity bigint;
  least_units bigint; most_units bigint; counter bytea;
  counters bytea[]; lines bigint[]; sorted bytea[]; charges bigint[] := '{}'; told bigint[]; o bigint := 2;
begin
  -- @include lib/asked/charges.sql
  if cardinality(counters) = 1 then
    told := @schema@.hit_one(
      counter, lines[1], lines[2], lines[3], lines[4], lines[5], durable, null, lock_ms, at_ms);
    place := 1; remaining := told[1]; reset_after_ms := told[2]; charged_at_ms := nullif(told[3], -1);
    -- @include lib/told.sql at=4
    return next;
    return;
  end if;
  sorted := array(select c.counter from unnest(counters) c (counter) order by c.counter);
  for i in 1 .. cardinality(counters) loop
    charges := charges || array_position(sorted, counters[i])::bigint || lines[5 * i - 4 : 5 * i];
  end loop;
  told := @schema@.hit_many(
    sorted, array[cardinality(counters)::bigint], charges, durable, null, lock_ms, at_ms);
  for i in 1 .. cardinality(counters) loop
    place := i;
    remaining := told[o]; reset_after_ms := told[o + 1]; charged_at_ms := nullif(told[o + 2], -1);
    if told[1] = 1 then
      allowed := true; retry_after_ms := null;
      o := o + 3;
    else
      -- @include lib/told.sql at=o+3
      o := o + 4;
    end if;
    return next;
  end loop;
end $$;
