if cost > capacity then
  a := 0;
else
  a := greatest(a - cost * window_ms, 0);
end if;
b := least(now_ms + (capacity * window_ms - a + max_units - 1) / max_units, 9007199254740991);
gone_ms := b;
