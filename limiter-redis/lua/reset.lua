-- Forgets counters.
--
-- KEYS     all that belongs to them
-- ARGV     nothing
-- Reply    how many of these there were
-- Clock    none
-- Cost     O(what is forgotten)
return redis.call('UNLINK', unpack(KEYS))
