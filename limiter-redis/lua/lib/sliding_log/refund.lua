-- The list changes at once: each line stands for itself.
if gone >= 0 then
  local low, high = gone, call('LLEN', list) - 1
  while low <= high do
    local middle = (low + high - (low + high) % 2) / 2
    local time, units = unpack('<dd', call('LINDEX', list, middle))
    if time == charged_at then
      local back = units
      if cost < units then back = cost end
      if back == units then
        call('LSET', list, middle, '')
        call('LREM', list, 1, '')
      else
        call('LSET', list, middle, pack('<dd', time, units - back))
      end
      local newest = call('LINDEX', list, -1)
      state = pack('<ddd', now, x - back, newest and unpack('<d', newest) or 0)
      changed = true
      break
    elseif time < charged_at then
      low = middle + 1
    else
      high = middle - 1
    end
  end
end
