reset_ms := case when a > 0 then b + window_ms - now_ms else 0 end;
