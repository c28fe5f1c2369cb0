local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, burst, cost = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'l', 't')
local level = burst
if bucket[1] then level = math.min(burst, bucket[1] + (now - bucket[2]) * rate) end
local allowed = level >= cost
if allowed then level = level - cost end
redis.call('HSET', KEYS[1], 'l', level, 't', now)
redis.call('PEXPIRE', KEYS[1], 60000)
return allowed and 1 or 0
