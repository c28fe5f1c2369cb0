a = a + cost
if a > 9007199254740991 then a = 9007199254740991 end
state, idle = pack('<ddd', now, a, 0), now - now % window + window
