-- Makes all charges or none.
--
-- KEYS     one counter for each charge, then the list of each charge on a sliding log, in the charges' order
-- ARGV[1]  five doubles a charge: kind (1 fixed window, 2 sliding window, 3 sliding log, 4 token bucket; 10 more where
--          denied hits count), max in units, window in ms, capacity in units, cost in units
-- ARGV[2]  '' to make them; 'deny' where another charge of the same call has been denied elsewhere: only denied hits
--          that count are counted; 'peek' to change nothing
-- ARGV[3]  the time in ms, by tests only
-- Reply    doubles. Allowed: three a charge: units remaining, ms until the counter is as if never used, the time of
--          the charge or -1. Else, and always for 'deny' and 'peek', four: these three, and -1 where it fits, -2 where
--          it never will, or the ms until it does
-- Clock    the server's, read once
-- Cost     O(charges); on a sliding log O(entries that have left the window, or must for the charge to fit)
-- @include lib/clock.lua
local keys, args, act = KEYS, ARGV[1], ARGV[2]
local n = #args / 40
local raws = call('MGET', spread(keys, 1, n))
local r, reply
local states, idles, now_of, logs = {nil, nil, nil, nil}, {nil, nil, nil, nil}, {}, {}
repeat
  local again, at, lists = false, 1, n
  r = 0
  reply = {nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil}
  for i = 1, n do
    local kind, max, window, capacity, cost
    kind, max, window, capacity, cost, at = unpack('<ddddd', args, at)
    local counts_denied = kind > 10
    if counts_denied then kind = kind - 10 end
    local raw, now, a, b, room, keep = raws[i], clock, 0, 0, capacity, false
    local list, gone, seen, written, x, y
    if raw then
      written, x, y = unpack('<ddd', raw)
      seen = written <= clock + 60000
      if seen and written > clock then now = written end
    end
    if kind == 3 then
      lists = lists + 1
      list = keys[lists]
    end
    if kind == 2 then
      -- @include lib/sliding_window/look.lua
    elseif kind == 4 then
      -- @include lib/token_bucket/look.lua
    elseif kind == 1 then
      -- @include lib/fixed_window/look.lua
    elseif kind == 3 then
      -- @include lib/sliding_log/look.lua
    end
    local fits, charged_at = cost <= room, -1
    if not fits and act == '' then
      -- From the start again, now that it is known that nothing is charged.
      act, again = 'deny', true
      break
    end
    local counted = cost > 0 and (fits and act == '' or not fits and counts_denied and act == 'deny')
    if counted then
      local state, idle
      if kind == 2 then
        -- @include lib/sliding_window/charge.lua
      elseif kind == 4 then
        -- @include lib/token_bucket/charge.lua
        -- @include lib/token_bucket/store.lua
      elseif kind == 1 then
        -- @include lib/fixed_window/charge.lua
      elseif kind == 3 then
        -- @include lib/sliding_log/charge.lua
      end
      states[i], now_of[i], charged_at, room = state, now, now, room - cost
      if not keep then idles[i] = idle end
    end
    local reset, retry = 0, -1
    if kind == 2 then
      -- @include lib/sliding_window/outlook.lua
    elseif kind == 4 then
      -- @include lib/token_bucket/outlook.lua
    elseif kind == 1 then
      -- @include lib/fixed_window/outlook.lua
    elseif kind == 3 then
      -- @include lib/sliding_log/outlook.lua
    end
    if not fits and (cost > capacity or max == 0) then retry = -2 end
    if room < 0 then room = 0 end
    reply[r + 1], reply[r + 2], reply[r + 3] = room, reset, charged_at
    if act == '' then
      r = r + 3
    else
      reply[r + 4] = retry
      r = r + 4
    end
  end
  if again then states, idles, now_of, logs = {}, {}, {}, {} end
until not again
for i = 1, n do
  local state, idle, log = states[i], idles[i], logs[i]
  if idle then
    call('SET', keys[i], state, 'PX', idle - clock + grace)
  elseif state then
    call('SET', keys[i], state, 'KEEPTTL')
  end
  if log then
    -- @include lib/sliding_log/append.lua
  end
end
return pack('<' .. ('d'):rep(r), spread(reply, 1, r))
