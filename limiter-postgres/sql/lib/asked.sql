-- What hit, peek and refund were asked, checked as no library has: who calls may be anybody.
--   in    keys, algorithms, maxes, windows_ms, bursts, costs, count_denied: one of each a charge
--   out   counters: the row of each; lines: for each kind (10 more where denied hits count), max, window in ms, capacity, cost
-- Uses kind, max_units, window_ms, capacity, cost bigint, counter bytea, wrong text.
-- @include lib/asked_lists.sql
counters := '{}'; lines := '{}';
for i in 1 .. cardinality(keys) loop
  kind := array_position('{fixed_window,sliding_window,sliding_log,token_bucket}', algorithms[i]);
  max_units := maxes[i]; window_ms := windows_ms[i]; capacity := coalesce(bursts[i], max_units);
  cost := case when costs is null then 1 else costs[i] end;
  wrong := case
    when (octet_length(keys[i]) between 4 and 1133) is not true then
      format('keys[%s] is %s; accepted: what key() makes of a space and a subject', i,
        coalesce(octet_length(keys[i]) || ' bytes long', 'null'))
    when kind is null then
      format('algorithms[%s] is %s; accepted: fixed_window, sliding_window, sliding_log, token_bucket', i,
        quote_nullable(left(algorithms[i], 65)))
    when (window_ms between 1 and 31622400000) is not true then
      format('windows_ms[%s] is %s; accepted: 1 to 31622400000 (366 days)', i, coalesce(window_ms::text, 'null'))
    when (max_units between 0 and 9007199254740991) is not true then
      format('maxes[%s] is %s; accepted: 0 to 9007199254740991 (2^53 - 1)', i, coalesce(max_units::text, 'null'))
    when kind = 3 and max_units > 10000 then
      format('maxes[%s] is %s; accepted: 0 to 10000 for a sliding log', i, max_units)
    when kind = 4 and max_units = 0 then
      format('maxes[%s] is 0; accepted: at least 1 for a token bucket', i)
    when kind in (2, 4) and max_units > 9007199254740991 / window_ms then
      format('maxes[%s] is %s; accepted: max times window in ms up to 2^53 - 1', i, max_units)
    when kind <> 4 and bursts[i] is not null then
      format('bursts[%s] is %s; accepted: null where it isn''t a token bucket', i, bursts[i])
    when capacity not between 0 and 9007199254740991 or kind = 4 and capacity = 0 then
      format('bursts[%s] is %s; accepted: 1 to 2^53 - 1, or null for max', i, capacity)
    when kind = 4 and capacity > 9007199254740991 / window_ms then
      format('bursts[%s] is %s; accepted: burst times window in ms up to 2^53 - 1', i, capacity)
    when (cost between 0 and 9007199254740991) is not true then
      format('costs[%s] is %s; accepted: 0 to 9007199254740991 (2^53 - 1)', i, coalesce(cost::text, 'null'))
    when count_denied is not null and count_denied[i] is null then
      format('count_denied[%s] is null; accepted: true or false', i)
    when kind = 3 and count_denied[i] then
      format('count_denied[%s] is true; accepted: false for a sliding log', i)
  end;
  if wrong is null then
    counter := keys[i] || substr(int2send(kind::int2), 2) || int8send(window_ms);
    if counter = any (counters) then
      wrong := format('keys[%s], with its algorithm and window, is the counter of keys[%s] too; accepted: each once', i,
        array_position(counters, counter));
    end if;
  end if;
  if wrong is not null then
    raise exception '%', wrong using errcode = '22023';
  end if;
  counters := counters || counter;
  lines := lines || array[kind + case when count_denied[i] then 10 else 0 end, max_units, window_ms, capacity, cost];
end loop;
