local left = window - now % window
if b > 0 then
  reset = left + window
elseif a > 0 then
  reset = left
end
if not fits then
  local spare = max - b - cost
  if spare >= 0 then
    local early = spare * window / a
    retry = left - (early - early % 1)
  else
    local early = (max - cost) * window / b
    retry = left + window - (early - early % 1)
  end
end
