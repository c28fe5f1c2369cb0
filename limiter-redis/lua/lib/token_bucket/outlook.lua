reset = (capacity * window - a) / max
reset = reset + -reset % 1
if not fits and cost <= capacity then
  retry = (cost * window - a) / max
  retry = retry + -retry % 1
end
