reset_ms := case when b > 0 then m + window_ms when a > 0 then m else 0 end;
