-- a: units of the window before, b: units of the current one. m: ms left of the window.
m := window_ms - now_ms % window_ms;
if now_ms + m - window_ms > written then
  a := case when written >= now_ms + m - 2 * window_ms then b else 0 end;
  b := 0;
end if;
-- Nothing is added where a is 0.
room := max_units - b - (a * m + window_ms - 1) / window_ms;
