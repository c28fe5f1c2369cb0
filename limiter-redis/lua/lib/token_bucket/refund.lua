local back, since = capacity, now - charged_at
if cost < capacity then back = cost end
back = back * window
if since > 0 then
  -- What has flowed in since has given it back already.
  if since < back / max then back = back - since * max else back = 0 end
end
local full = capacity * window
if back > 0 and a < full then
  if back < full - a then a = a + back else a = full end
  changed = true
end
