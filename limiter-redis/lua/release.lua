-- Removes leases. A second time changes nothing.
--
-- KEYS     for each key of each lease the sorted set of its leases and the hash of their permits
-- ARGV[1]  as doubles for each lease its number of keys
-- ARGV[2]  the leases' ids, with a space between them
-- ARGV[3]  the time in ms, by tests only
-- Reply    a double for each lease: 1 where it was live in all its keys, else 0
-- Clock    the server's as it is, read once
-- Cost     O(log n) a lease and key for n leases of a key, and O(m log n) for m that have expired since the last change
-- @include lib/clock.lua
-- @include lib/holdings.lua
-- @include lib/leases.lua
local told, before = {}, 0
for id in string.gmatch(ARGV[2], '%S+') do
  local count = unpack('<d', ARGV[1], 8 * #told + 1)
  local books, live = look_at(before, count, id)
  for _, book in ipairs(books) do take(book, id) end
  told[#told + 1] = live and 1 or 0
  before = before + count
end
return tell(told)
