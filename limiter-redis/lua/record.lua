-- Adds to what is used of a quota, past its cap too. An amount of 0 changes nothing.
--
-- KEYS     the counter's hash, its reservations, its settled ids
-- ARGV[1]  four doubles: max in units; the period: 1 hour, 2 day, 3 week, 4 month, 5 year; minutes from 18 h west of
--          UTC to the period's zone, 1080 for UTC; the amount in units
-- ARGV[2]  ''
-- ARGV[3]  the time in ms, by tests only
-- Reply    four doubles: units used, units reserved, ms to the period's end, 0
-- Clock    the server's, read once; the time of the counter's last change where that is up to 60 s later
-- Cost     O(log n) for n reservations and settled ids, O(m log n) for m that have ended since the last change
-- @include lib/clock.lua
-- @include lib/holdings.lua
-- @include lib/calendar.lua
-- @include lib/quota.lua
-- @include lib/quota_changes.lua
local counter, told = look(1, ''), {}
if counter.amount > 0 then
  roll(counter)
  use(counter)
  keep(counter)
end
tell_counter(told, counter, 0)
return tell(told)
