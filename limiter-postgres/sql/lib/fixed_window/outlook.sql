retry_ms := window_ms - now_ms % window_ms;
reset_ms := case when b > 0 then retry_ms else 0 end;
