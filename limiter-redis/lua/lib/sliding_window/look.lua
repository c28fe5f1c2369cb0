-- a: units of the previous window, b: units of the current one. Both as of the window of `now`.
if seen then
  local into = now % window
  local turns = now - into - (written - written % window)
  if turns == 0 then
    a, b, keep = x, y, true
  elseif turns == window then
    a = y
  end
  room = max - b
  if a > 0 then
    local weighted = a * (window - into) / window
    room = room - (weighted + -weighted % 1)
  end
end
