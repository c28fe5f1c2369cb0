-- a: units counted in the window of `now`.
if seen and now - now % window == written - written % window then
  a, keep = x, true
  room = max - a
end
