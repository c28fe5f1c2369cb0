m := now_ms - now_ms % window_ms;
if charged_at >= m and charged_at < m + window_ms and b > 0 then
  b := greatest(b - cost, 0);
  changed := true;
elsif charged_at < m and charged_at >= m - window_ms and a > 0 then
  a := greatest(a - cost, 0);
  changed := true;
end if;
gone_ms := m + 2 * window_ms;
