-- Quota counters. Three keys of KEYS belong to each:
--   a hash: `#w` the effective time of its last change, `#e` the end of the period that it counts, `#u` units used,
--     `#r` units reserved, and the units held under each id
--   a sorted set, id to when its reservation runs out
--   a sorted set, id to when its settling is forgotten
-- Four doubles of ARGV[1] belong to each: max in units; the period; minutes from 18 h west of UTC to the period's zone;
-- the amount in units.
local tolerance, memory = 60000, 600000

-- Brings a counter to its effective time: `now`, and whether its state `counts`, or a wrong clock wrote it.
local function at_effective_time(counter, written)
  counter.now, counter.counts = clock, written ~= nil
  if written and written > clock then
    counter.counts = written - clock <= tolerance
    if counter.counts then counter.now = written end
  end
end

-- What is held of the current period, and what of it under an id.
local function see_holdings(counter, id, total, own)
  counter.expired = ended(counter.held, counter.now)
  counter.reserved = total - units_of(counter.base, counter.expired)
  if counter.reserved > 0 and call('ZCARD', counter.held) == 0 then
    -- Somebody deleted the one key and left the other: a sum that nobody holds.
    counter.reserved = 0
  end
  local expires = own and tonumber(call('ZSCORE', counter.held, id))
  if expires and expires > counter.now then
    counter.own, counter.expires = own, expires
  end
end

-- How a counter stands, and what it knows of an id. Changes nothing.
local function look(place, id)
  local counter = { base = KEYS[3 * place - 2], held = KEYS[3 * place - 1], settled = KEYS[3 * place] }
  local period, offset
  counter.max, period, offset, counter.amount = unpack('<dddd', ARGV[1], 32 * place - 31)
  local kept = call('HMGET', counter.base, '#w', '#e', '#u', '#r', id)
  at_effective_time(counter, tonumber(kept[1]))
  counter.ends = period_end(period, offset - 1080, counter.now)
  counter.used, counter.reserved, counter.expired = 0, 0, {}
  counter.current = counter.counts and tonumber(kept[2]) == counter.ends
  if counter.current then
    counter.used = tonumber(kept[3])
    see_holdings(counter, id, tonumber(kept[4]), tonumber(kept[5]))
  end
  local forgotten = id ~= '' and tonumber(call('ZSCORE', counter.settled, id))
  counter.was_settled = counter.counts and forgotten and forgotten > counter.now
  return counter
end

-- All counters of KEYS.
local function look_at_all(id)
  local counters = {}
  for place = 1, #KEYS / 3 do counters[place] = look(place, id) end
  return counters
end

-- The wait until used and reserved together are at most so many units: until reservations that make room run out, or
-- the period ends.
local function wait_below(counter, units)
  local room, reserved, skip = units - counter.used, counter.reserved, 0
  local after = string.format('(%.0f', counter.now)
  while room >= 0 and reserved > room do
    local live = call('ZRANGEBYSCORE', counter.held, after, '+inf', 'WITHSCORES', 'LIMIT', skip, 100)
    if #live == 0 then break end
    local ids = {}
    for place = 1, #live, 2 do ids[#ids + 1] = live[place] end
    for place, units in ipairs(call('HMGET', counter.base, spread(ids))) do
      reserved = reserved - (units or 0)
      if reserved <= room then return math.min(counter.ends, tonumber(live[2 * place])) - counter.now end
    end
    skip = skip + 100
  end
  return counter.ends - counter.now
end

-- How a counter stands, for a reply: used, reserved, ms to the period's end, and 0 where it is allowed, -1 where it
-- never will be, else the ms until it is.
local function tell_counter(told, counter, wait)
  local last = #told
  told[last + 1], told[last + 2] = counter.used, counter.reserved
  told[last + 3], told[last + 4] = counter.ends - counter.now, wait
end
