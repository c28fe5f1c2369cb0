b = b + cost
if b > max then
  local most = 9007199254740991 / window
  most = most - most % 1
  if b > most then b = most end
end
state, idle = pack('<ddd', now, a, b), now - now % window + 2 * window
