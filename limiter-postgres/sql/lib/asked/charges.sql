-- What hit, peek and refund were asked.
--   out   counters: the row of each charge; lines: five numbers each: kind (10 more where denied hits count), max, window in
--         ms, capacity, cost
-- Uses kind, max_units, window_ms, capacity, least_units, most_units bigint, counter bytea.
-- @include lib/asked/time.sql
-- @include lib/asked/count.sql list=keys most=64
-- @include lib/asked/as_many.sql list=algorithms of=keys
-- @include lib/asked/as_many.sql list=maxes of=keys
-- @include lib/asked/as_many.sql list=windows_ms of=keys
if bursts is not null then
  -- @include lib/asked/as_many.sql list=bursts of=keys
end if;
if costs is null then
  costs := array_fill(1::bigint, array[cardinality(keys)]);
end if;
-- @include lib/asked/as_many.sql list=costs of=keys
if count_denied is null then
  count_denied := array_fill(false, array[cardinality(keys)]);
end if;
-- @include lib/asked/as_many.sql list=count_denied of=keys
counters := '{}'; lines := '{}';
for i in 1 .. cardinality(keys) loop
  -- @include lib/asked/key_at.sql
  -- @include lib/asked/limit.sql
  -- @include lib/asked/number_at.sql list=costs least=0 most=9007199254740991
  if count_denied[i] is null or kind = 3 and count_denied[i] then
    raise exception 'count_denied[%] is %; accepted: true or false, and false for a sliding_log', i,
      coalesce(count_denied[i]::text, 'null') using errcode = '22023';
  end if;
  counter := keys[i] || substr(int2send(kind::int2), 2) || int8send(window_ms);
  if counter = any (counters) then
    raise exception 'keys[%] is keys[%] with the same algorithm and window; accepted: each counter once', i,
      array_position(counters, counter) using errcode = '22023';
  end if;
  counters := counters || counter;
  lines := lines || array[kind + case when count_denied[i] then 10 else 0 end, max_units, window_ms, capacity, costs[i]];
end loop;
