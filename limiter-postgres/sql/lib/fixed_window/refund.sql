m := now_ms - now_ms % window_ms;
if charged_at >= m and charged_at < m + window_ms and b > 0 then
  b := greatest(b - cost, 0);
  changed := true;
end if;
gone_ms := m + window_ms;
