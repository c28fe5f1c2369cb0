-- The limit in place i of a list. Sets kind, window_ms, max_units, capacity.
kind := array_position('{fixed_window,sliding_window,sliding_log,token_bucket}', algorithms[i]);
if kind is null then
  raise exception 'algorithms[%] is %; accepted: fixed_window, sliding_window, sliding_log, token_bucket', i,
    quote_nullable(left(algorithms[i], 65)) using errcode = '22023';
end if;
-- @include lib/asked/number_at.sql list=windows_ms least=1 most=31622400000
window_ms := windows_ms[i];
max_units := maxes[i];
least_units := case kind when 4 then 1 else 0 end;
most_units := case kind when 1 then 9007199254740991 when 3 then 10000 else 9007199254740991 / window_ms end;
if (max_units between least_units and most_units) is not true then
  raise exception 'maxes[%] is %; accepted: % to % for a % of % ms', i, coalesce(max_units::text, 'null'),
    least_units, most_units, algorithms[i], window_ms using errcode = '22023';
end if;
capacity := max_units;
if bursts[i] is not null then
  capacity := bursts[i];
  if kind <> 4 then
    raise exception 'bursts[%] is %; accepted: null for a %', i, capacity, algorithms[i] using errcode = '22023';
  end if;
  if capacity not between 1 and most_units then
    raise exception 'bursts[%] is %; accepted: 1 to % for a token_bucket of % ms, or null for max', i, capacity, most_units,
      window_ms using errcode = '22023';
  end if;
end if;
