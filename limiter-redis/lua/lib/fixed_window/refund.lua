if charged_at - charged_at % window == now - now % window and a > 0 then
  if cost < a then a = a - cost else a = 0 end
  state, changed = pack('<ddd', now, a, 0), true
end
