-- Takes back what an acquire has granted, because it was refused elsewhere. What somebody has moved since stays.
--
-- KEYS     for each scope the sorted set of its leases and the hash of their permits
-- ARGV[1]  as doubles the expiry in ms that the acquire has set, and for each scope the expiry before it, 0 where the
--          lease wasn't live: it is removed there
-- ARGV[2]  the lease's id
-- ARGV[3]  the time in ms, by tests only
-- Reply    a double: in how many scopes it was taken back
-- Clock    the server's as it is, read once
-- Cost     O(log n) for n leases of a key, and O(m log n) for m that have expired since the last change
-- @include lib/clock.lua
-- @include lib/holdings.lua
-- @include lib/leases.lua
local id = ARGV[2]
local set = unpack('<d', ARGV[1])
local books, changed = look_at(0, #KEYS / 2, id), 0
for place, book in ipairs(books) do
  local before = unpack('<d', ARGV[1], 8 * place + 1)
  if book.expires == set then
    changed = changed + 1
    if before > 0 then
      call('ZADD', book.ends, before, id)
    else
      take(book, id)
    end
  end
end
return tell({ changed })
