-- Takes back what a reserve has set aside, because it was refused elsewhere. What somebody has moved or settled since
-- stays as it is, and nothing is remembered.
--
-- KEYS     for each charge its counter's hash, its reservations, its settled ids
-- ARGV[1]  two doubles a charge: until when the reserve has set it aside, and until when the id was held before (0: it
--          wasn't)
-- ARGV[2]  the reservation's id
-- ARGV[3]  the time in ms, by tests only
-- Reply    a double: in how many counters it was taken back
-- Clock    none but for keys' expiry
-- Cost     O(log n) a charge for n reservations
-- @include lib/clock.lua
local id, changed, found = ARGV[2], 0, {}
for place = 1, #KEYS / 3 do
  local base, held = KEYS[3 * place - 2], KEYS[3 * place - 1]
  local kept = call('HMGET', base, '#r', '#u', id)
  found[place] = {
    expires = tonumber(call('ZSCORE', held, id)),
    reserved = tonumber(kept[1]),
    used = tonumber(kept[2]),
    units = tonumber(kept[3]),
    alone = call('ZCARD', held) == 1 and call('EXISTS', KEYS[3 * place]) == 0,
  }
end
for place, now in ipairs(found) do
  local base, held = KEYS[3 * place - 2], KEYS[3 * place - 1]
  local set, before = unpack('<dd', ARGV[1], 16 * place - 15)
  if now.expires == set and now.units then
    changed = changed + 1
    if before > 0 then
      call('ZADD', held, before, id)
    elseif now.alone and now.used == 0 then
      call('DEL', base, held)
    else
      call('ZREM', held, id)
      call('HDEL', base, id)
      call('HSET', base, '#r', now.reserved - now.units)
    end
  end
end
return pack('<d', changed)
