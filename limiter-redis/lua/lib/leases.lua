-- The leases of keys. Two keys of KEYS belong to each: a sorted set, id to expiry, and a hash, id to permits, whose
-- field `#` is the sum of all that stand there.

-- How a key stands, and its lease of this id if that is live. Changes nothing.
local function look(place, id)
  local book = { ends = KEYS[2 * place - 1], permits = KEYS[2 * place] }
  local kept = call('HMGET', book.permits, '#', id)
  local expires = kept[2] and tonumber(call('ZSCORE', book.ends, id))
  book.expired = ended(book.ends, clock)
  book.in_use = (kept[1] or 0) - units_of(book.permits, book.expired)
  if book.in_use > 0 and call('ZCARD', book.ends) == 0 then
    -- Somebody deleted the one key and left the other: a sum that nobody holds.
    book.in_use = 0
  end
  if expires and expires > clock then
    book.expires, book.own = expires, tonumber(kept[2])
  end
  return book
end

-- Lets both keys go with their last lease. The one that tells who is live goes last: a sum by itself would hold permits
-- that are nobody's.
local function keep(book)
  local left = last_end(book.ends) - clock + grace
  call('PEXPIRE', book.permits, left)
  call('PEXPIRE', book.ends, left)
end

-- Holds permits under an id until a time, instead of what was held under it.
local function put(book, id, permits, expires)
  drop(book.ends, book.permits, book.expired)
  book.in_use = book.in_use - (book.own or 0) + permits
  call('HSET', book.permits, '#', book.in_use, id, permits)
  call('ZADD', book.ends, expires, id)
  keep(book)
end

-- Removes an id and what has expired.
local function take(book, id)
  if not book.own and #book.expired == 0 then return end
  local left = book.in_use - (book.own or 0)
  if left == 0 then
    call('DEL', book.ends, book.permits)
    return
  end
  drop(book.ends, book.permits, book.expired)
  drop(book.ends, book.permits, { id })
  call('HSET', book.permits, '#', left)
end

-- The keys of one lease out of many, `count` of them after the first `before`; and whether it is live in all.
local function look_at(before, count, id)
  local books, live = {}, true
  for place = 1, count do
    books[place] = look(before + place, id)
    live = live and books[place].own ~= nil
  end
  return books, live
end
