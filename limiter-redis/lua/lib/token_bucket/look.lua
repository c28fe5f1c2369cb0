-- a: tokens at `now` in 1/window tokens, b: the time that Redis keeps the bucket for. The state is written, the tokens
-- then, the time from which on it is full whatever limit later calls bring, and b.
a = capacity * window
if not seen then
  b = 0
else
  local missing = (a - x) / max
  if now < y and now - written < missing + -missing % 1 then a = x + (now - written) * max end
end
room = a / window
room = room - room % 1
