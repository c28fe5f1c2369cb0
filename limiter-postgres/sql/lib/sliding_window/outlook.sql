m := window_ms - now_ms % window_ms;
reset_ms := case when b > 0 then m + window_ms when a > 0 then m else 0 end;
if not fits and cost <= max_units then
  if max_units - b - cost >= 0 then
    retry_ms := m - (max_units - b - cost) * window_ms / a;
  else
    retry_ms := m + window_ms - (max_units - cost) * window_ms / b;
  end if;
end if;
