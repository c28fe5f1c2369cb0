retry_ms := case
  when b + cost <= max_units then m - (max_units - b - cost) * window_ms / a
  else m + window_ms - (max_units - cost) * window_ms / b end;
