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
local raws, only
if n > 1 then raws = call('MGET', spread(keys, 1, n)) else only = call('GET', keys[1]) end
local reply, later
repeat
  local again, at, lists = false, 1, n
  reply, later = '', nil
  for i = 1, n do
    local kind, max, window, capacity, cost
    kind, max, window, capacity, cost, at = unpack('<ddddd', args, at)
    local counts_denied = kind > 10
    if counts_denied then kind = kind - 10 end
    local raw, now, a, b, room, keep = raws and raws[i] or only, clock, 0, 0, capacity, false
    local list, gone, seen, written, x, y
    -- @include lib/read.lua
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
      local key, state, idle, log = keys[i], nil, nil, nil
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
      charged_at, room = now, room - cost
      if keep then idle = nil end
      if i < n and act == '' then
        -- Written when it is known that the charges that follow fit too.
        later = later or {nil, nil, nil, nil, nil, nil}
        local place = 3 * i
        later[place - 2], later[place - 1], later[place] = state, idle, log
      else
        -- @include lib/write.lua
        if log then
          -- @include lib/sliding_log/append.lua
        end
      end
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
    if act == '' then
      reply = reply .. pack('<ddd', room, reset, charged_at)
    else
      reply = reply .. pack('<dddd', room, reset, charged_at, retry)
    end
  end
until not again
if later then
  for i = 1, n - 1 do
    local key, state, idle, log = keys[i], later[3 * i - 2], later[3 * i - 1], later[3 * i]
    if state then
      -- @include lib/write.lua
      if log then
        -- @include lib/sliding_log/append.lua
      end
    end
  end
end
return reply
