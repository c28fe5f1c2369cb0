-- a: units of the entries that count at `now`, b: the time of the newest entry. The state is written, the units of
-- all entries in the list, and the newest one's time; the list holds an entry (time, units) for each charge, oldest
-- first. `gone` says how many of them count no more, -1 for all.
-- A list without a state is what is left of a counter that was evicted: its entries count no more.
gone = -1
if seen and y + window > now then
  a, b, gone = x, y, 0
  repeat
    local entries, passed = call('LRANGE', list, gone, gone + 15), 0
    for place = 1, #entries do
      local at, units = unpack('<dd', entries[place])
      if at + window > now then break end
      a, passed = a - units, passed + 1
    end
    gone = gone + passed
  until passed < 16
  room = max - a
end
