-- Asks for a lease in scopes: granted in all or in none.
--
-- KEYS     for each scope the sorted set of its leases and the hash of their permits
-- ARGV[1]  as doubles the permits, the time to live in ms (0 grants nothing: it asks how the scopes stand), and for
--          each scope its cap
-- ARGV[2]  the lease's id
-- ARGV[3]  the time in ms, by tests only
-- Reply    doubles, of which the first says what follows:
--          1 granted: the expiry in ms, then for each scope its permits in use, and the expiry that this lease had
--            there before, 0 where it wasn't live
--          0 nothing granted: for each scope its permits in use, and 1 where there is no room, else 0
--          2 conflict: the permits that the id holds
-- Clock    the server's as it is, read once
-- Cost     O(log n) for n leases of a key, and O(m log n) for m that have expired since the last change
-- @include lib/clock.lua
-- @include lib/holdings.lua
-- @include lib/leases.lua
local id, count = ARGV[2], #KEYS / 2
local permits, ttl = unpack('<dd', ARGV[1])

local books, again = look_at(0, count, id)
for _, book in ipairs(books) do
  if book.own and book.own ~= permits then return tell({ 2, book.own }) end
end

local full, told = false, { 0 }
for place, book in ipairs(books) do
  local cap = unpack('<d', ARGV[1], 8 * place + 9)
  local denies = not again and permits > cap - (book.in_use - (book.own or 0))
  full = full or denies
  told[2 * place] = book.in_use
  told[2 * place + 1] = denies and 1 or 0
end
if full or ttl == 0 then return tell(told) end

local expires = later(clock, ttl)
told = { 1, expires }
for place, book in ipairs(books) do
  put(book, id, permits, expires)
  told[2 * place + 1] = book.in_use
  told[2 * place + 2] = book.expires or 0
end
return tell(told)
