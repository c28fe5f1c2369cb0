-- Takes away what is held under an id and adds what was really used, in each counter where the id wasn't settled within
-- the last ten minutes.
--
-- KEYS     for each charge its counter's hash, its reservations, its settled ids
-- ARGV[1]  four doubles a charge: max in units; the period: 1 hour, 2 day, 3 week, 4 month, 5 year; minutes from 18 h
--          west of UTC to the period's zone, 1080 for UTC; the units really used
-- ARGV[2]  the reservation's id
-- ARGV[3]  the time in ms, by tests only
-- Reply    four doubles a charge: units used, units reserved, ms to the period's end, 0
-- Clock    the server's, read once; for each counter the time of its last change where that is up to 60 s later
-- Cost     O(log n) a charge for n reservations and settled ids, O(m log n) for m that have ended since the last change
-- @include lib/clock.lua
-- @include lib/holdings.lua
-- @include lib/calendar.lua
-- @include lib/quota.lua
-- @include lib/quota_changes.lua
local id, told = ARGV[2], {}
for _, counter in ipairs(look_at_all(id)) do
  if not counter.was_settled then
    roll(counter)
    if counter.own then
      counter.reserved = counter.reserved - counter.own
      drop(counter.held, counter.base, { id })
    end
    use(counter)
    call('ZADD', counter.settled, later(counter.now, memory), id)
    keep(counter)
  end
  tell_counter(told, counter, 0)
end
return tell(told)
