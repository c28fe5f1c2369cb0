a := case when cost > capacity then 0 else greatest(a - cost * window_ms, 0) end;
b := least(now_ms + (capacity * window_ms - a + max_units - 1) / max_units, 9007199254740991);
gone_ms := b;
