-- The store's clock in milliseconds: ARGV[3] where a test hands one in, else the server's, read once.
local struct, call, spread = struct, redis.call, unpack
local pack, unpack = struct.pack, struct.unpack
local clock, grace = ARGV[3], 60000
if clock then
  -- By a clock that is handed in nothing may go away while the test runs.
  clock, grace = tonumber(clock), 86460000
else
  local time = call('TIME')
  local micros = time[2] + 0
  clock = time[1] * 1000 + (micros - micros % 1000) / 1000
end
