-- Sets units of quotas aside: in all counters or in none.
--
-- KEYS     for each charge its counter's hash, its reservations, its settled ids
-- ARGV[1]  doubles. Four a charge: max in units; the period: 1 hour, 2 day, 3 week, 4 month, 5 year; minutes from 18 h
--          west of UTC to the period's zone, 1080 for UTC; the amount in units. Then the time to live in ms; 0 sets
--          nothing aside: it asks whether the charges would fit
-- ARGV[2]  the reservation's id
-- ARGV[3]  the time in ms, by tests only
-- Reply    doubles, of which the first says what follows:
--          1 set aside, 0 not: six a charge: units used, units reserved, ms to the period's end, and 0 where it fits,
--            -1 where it never will, else the ms until it does; then, where it was set aside, until when, and until
--            when the id was held there before (0: it wasn't), else 0 and 0
--          2 conflict: the place of the charge, from 0, and the units that the id holds there
--          3 conflict: the place of the charge, from 0, where the id was settled less than ten minutes ago
-- Clock    the server's, read once; for each counter the time of its last change where that is up to 60 s later
-- Cost     O(log n) a charge for n reservations and settled ids, O(m log n) for m that have ended since the last
--          change, O(n) where it doesn't fit
-- @include lib/clock.lua
-- @include lib/holdings.lua
-- @include lib/calendar.lua
-- @include lib/quota.lua
-- @include lib/quota_changes.lua
local id = ARGV[2]
local counters = look_at_all(id)
local ttl = unpack('<d', ARGV[1], 32 * #counters + 1)
for place, counter in ipairs(counters) do
  if counter.was_settled then return tell({ 3, place - 1 }) end
  if counter.own and counter.own ~= counter.amount then return tell({ 2, place - 1, counter.own }) end
end

local waits, fits = {}, true
for place, counter in ipairs(counters) do
  local below = counter.max - counter.amount
  waits[place] = 0
  if not counter.own then
    if below < 0 then
      waits[place] = -1
    elseif counter.reserved > below - counter.used then
      waits[place] = wait_below(counter, below)
    end
  end
  fits = fits and waits[place] == 0
end

local granted = fits and ttl > 0
local told = { granted and 1 or 0 }
for place, counter in ipairs(counters) do
  local expires, before = 0, 0
  if granted then
    expires, before = later(counter.now, ttl), counter.expires or 0
    roll(counter)
    if not counter.own then counter.reserved = counter.reserved + counter.amount end
    call('HSET', counter.base, id, counter.amount)
    call('ZADD', counter.held, expires, id)
    keep(counter)
  end
  tell_counter(told, counter, waits[place])
  told[#told + 1] = expires
  told[#told + 1] = before
end
return tell(told)
