-- What is stored, unless a clock that was wrong by more than a minute has written it.
if raw then
  if kind == 4 then
    written, x, y, b = unpack('<dddd', raw)
  else
    written, x, y = unpack('<ddd', raw)
  end
  seen = written <= clock + 60000
  if seen and written > clock then now = written end
end
