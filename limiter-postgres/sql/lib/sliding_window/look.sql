-- a: units of the window before, b: units of the current one.
m := now_ms - now_ms % window_ms;
if m > written then
  if written >= m - window_ms then a := b; else a := 0; end if;
  b := 0;
end if;
room := max_units - b;
if a > 0 then
  room := room - (a * (window_ms - now_ms % window_ms) + window_ms - 1) / window_ms;
end if;
