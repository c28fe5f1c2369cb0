-- Whether anything of a quota is left. Changes nothing.
--
-- KEYS     the counter's hash, its reservations, its settled ids
-- ARGV[1]  four doubles: max in units; the period: 1 hour, 2 day, 3 week, 4 month, 5 year; minutes from 18 h west of
--          UTC to the period's zone, 1080 for UTC; an amount, which doesn't matter
-- ARGV[2]  ''
-- ARGV[3]  the time in ms, by tests only
-- Reply    four doubles: units used, units reserved, ms to the period's end, and 0 where something is left, -1 where
--          there never will be, else the ms until there is
-- Clock    the server's, read once; the time of the counter's last change where that is up to 60 s later
-- Cost     O(log n) for n reservations, O(n) where nothing is left
-- @include lib/clock.lua
-- @include lib/holdings.lua
-- @include lib/calendar.lua
-- @include lib/quota.lua
local counter, wait, told = look(1, ''), 0, {}
if counter.reserved >= counter.max - counter.used then
  wait = counter.max == 0 and -1 or wait_below(counter, counter.max - 1)
end
tell_counter(told, counter, wait)
return tell(told)
