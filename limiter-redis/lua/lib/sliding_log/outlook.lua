if a > 0 then reset = b + window - now end
if not fits and cost <= max then
  local units_left, place, entry = a, gone, nil
  repeat
    local entries = call('LRANGE', list, place, place + 15)
    for one = 1, #entries do
      local at, units = unpack('<dd', entries[one])
      units_left = units_left - units
      if units_left <= max - cost then
        entry = at
        break
      end
    end
    place = place + 16
  until entry or #entries < 16
  retry = (entry or now) + window - now
end
