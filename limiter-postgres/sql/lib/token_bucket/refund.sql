-- What has flowed in since has given it back already.
m := least(cost, capacity) * window_ms;
if now_ms - charged_at >= (m + max_units - 1) / max_units then
  m := 0;
elsif now_ms > charged_at then
  m := m - (now_ms - charged_at) * max_units;
end if;
if m > 0 and a < capacity * window_ms then
  a := least(a + m, capacity * window_ms);
  b := least(now_ms + (capacity * window_ms - a + max_units - 1) / max_units, 9007199254740991);
  changed := true;
end if;
gone_ms := b;
