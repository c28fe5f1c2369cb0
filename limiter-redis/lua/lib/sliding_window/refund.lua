local start = now - now % window
if charged_at >= start and charged_at < start + window and b > 0 then
  if cost < b then b = b - cost else b = 0 end
  changed = true
elseif charged_at < start and charged_at >= start - window and a > 0 then
  if cost < a then a = a - cost else a = 0 end
  changed = true
end
if changed then state = pack('<ddd', now, a, b) end
