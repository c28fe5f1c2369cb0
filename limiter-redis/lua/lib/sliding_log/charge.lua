-- The list is written with the state: until then nothing may change.
log = {list, gone, cost, a > 0 and b == now, now}
a, b = a + cost, now
state, idle = pack('<ddd', now, a, b), now + window
