-- m: ms left of the window.
m := window_ms - now_ms % window_ms;
if now_ms + m - window_ms > written then
  b := 0;
end if;
room := max_units - b;
