reset_ms := case when b > 0 then m else 0 end;
