-- a: tokens at now_ms in 1/window tokens, b: from then on it is full whatever limit later calls bring.
m := capacity * window_ms - a;
if now_ms >= b or now_ms - written >= (m + max_units - 1) / max_units then
  a := capacity * window_ms;
else
  a := a + (now_ms - written) * max_units;
end if;
room := a / window_ms;
