local list, gone, cost, merge, now = spread(log)
if gone < 0 then
  call('DEL', list)
elseif gone > 0 then
  call('LPOP', list, gone)
end
if merge then
  local at, units = unpack('<dd', call('LINDEX', list, -1))
  call('LSET', list, -1, pack('<dd', at, units + cost))
else
  call('RPUSH', list, pack('<dd', now, cost))
end
call('PEXPIRE', list, idle - clock + grace)
