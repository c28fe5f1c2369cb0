-- Attributes of a function that looks rows up by their keys: by the index, whatever the tables' statistics say, which are
-- of a minute ago, and by one plan, which isn't made anew in each call. A bitmap scan would meet the index's dead entries
-- again each time, where an index scan marks them.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
