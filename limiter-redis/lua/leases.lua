-- The live leases of a key, the first to run out first. Changes nothing.
--
-- KEYS     the sorted set of the key's leases and the hash of their permits
-- ARGV[1]  empty, as ARGV[2]
-- ARGV[3]  the time in ms, by tests only
-- Reply    a list: for each lease its id, its permits and its expiry in ms
-- Clock    the server's as it is, read once
-- Cost     O(n) for n leases
-- @include lib/clock.lua
local live = call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', clock), '+inf', 'WITHSCORES')
local told = {}
for first = 1, #live, 2 do
  local permits = call('HGET', KEYS[2], live[first])
  if permits then
    told[#told + 1] = live[first]
    told[#told + 1] = tonumber(permits)
    told[#told + 1] = tonumber(live[first + 1])
  end
end
return told
