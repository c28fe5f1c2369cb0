-- Units held under ids, each until a time: a sorted set `ends` tells until when, a hash `units` how many, and one of
-- its fields their sum. What has ended counts no more, and stands until a call that changes something drops it.
local most = 9007199254740991

-- A time to come, kept within the exact range.
local function later(now, by)
  if by > most - now then return most end
  return now + by
end

-- The ids that have ended and still stand.
local function ended(ends, now)
  return call('ZRANGEBYSCORE', ends, '-inf', now)
end

-- When the last of them ends; nil where none stands.
local function last_end(ends)
  return tonumber(call('ZREVRANGE', ends, 0, 0, 'WITHSCORES')[2])
end

-- Runs something on a thousand ids at a time: Lua hands a command a few thousand arguments at most.
local function by_thousands(ids, run)
  for first = 1, #ids, 1000 do
    run(spread(ids, first, math.min(first + 999, #ids)))
  end
end

-- The sum of the units held under ids.
local function units_of(units, ids)
  local sum = 0
  by_thousands(ids, function(...)
    for _, held in ipairs(call('HMGET', units, ...)) do sum = sum + (held or 0) end
  end)
  return sum
end

-- Holds nothing under ids any more.
local function drop(ends, units, ids)
  by_thousands(ids, function(...)
    call('ZREM', ends, ...)
    call('HDEL', units, ...)
  end)
end

-- Numbers as a reply: little-endian doubles, one after another.
local function tell(numbers)
  return pack('<' .. string.rep('d', #numbers), spread(numbers))
end
