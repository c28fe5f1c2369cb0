-- a: tokens at now_ms in 1/window tokens, b: from then on it is full whatever limit later calls bring.
a := case
  when now_ms >= b or now_ms - written >= (capacity * window_ms - a + max_units - 1) / max_units then capacity * window_ms
  else a + (now_ms - written) * max_units end;
room := a / window_ms;
