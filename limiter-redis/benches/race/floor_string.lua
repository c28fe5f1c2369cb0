local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, burst, cost = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('GET', KEYS[1])
local level = burst
if bucket then
  local before, at = struct.unpack('<dd', bucket)
  level = math.min(burst, before + (now - at) * rate)
end
local allowed = level >= cost
if allowed then level = level - cost end
redis.call('SET', KEYS[1], struct.pack('<dd', level, now), 'PX', 60000)
return allowed and 1 or 0
