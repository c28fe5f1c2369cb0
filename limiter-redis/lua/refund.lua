-- Gives back charges that were made.
--
-- KEYS     one counter for each line, then the list of each line on a sliding log, in the lines' order
-- ARGV[1]  six doubles a line: kind, max, window, capacity as for hit.lua, the cost in units, the time of the charge
-- ARGV[2]  ''
-- ARGV[3]  the time in ms, by tests only
-- Reply    how many lines gave something back
-- Clock    the server's, read once
-- Cost     O(lines); on a sliding log O(log of its entries)
-- @include lib/clock.lua
local n, at, lists, given_back = #ARGV[1] / 48, 1, #ARGV[1] / 48, 0
for i = 1, n do
  local kind, max, window, capacity, cost, charged_at
  kind, max, window, capacity, cost, charged_at, at = unpack('<dddddd', ARGV[1], at)
  if kind > 10 then kind = kind - 10 end
  local raw, now, a, b, room, keep = call('GET', KEYS[i]), clock, 0, 0, capacity, false
  local list, gone, seen, written, x, y
  -- @include lib/read.lua
  if kind == 3 then
    lists = lists + 1
    list = KEYS[lists]
  end
  local changed, state, idle
  if seen and cost > 0 then
    if kind == 1 then
      -- @include lib/fixed_window/look.lua
      -- @include lib/fixed_window/refund.lua
    elseif kind == 2 then
      -- @include lib/sliding_window/look.lua
      -- @include lib/sliding_window/refund.lua
    elseif kind == 3 then
      -- @include lib/sliding_log/look.lua
      -- @include lib/sliding_log/refund.lua
    elseif kind == 4 then
      -- @include lib/token_bucket/look.lua
      -- @include lib/token_bucket/refund.lua
      if changed then
        -- @include lib/token_bucket/store.lua
      end
    end
  end
  if changed then
    given_back = given_back + 1
    -- All that is left was there before, and Redis keeps it for long enough; a bucket says itself.
    local key = KEYS[i]
    if keep then idle = nil end
    -- @include lib/write.lua
  end
end
return given_back
