if now_ms - now_ms % window_ms > written then
  b := 0;
end if;
room := max_units - b;
