-- ended: those of the next left_over counters in @table@ whose time is up, and which nobody holds. They are locked, so that
-- nobody begins anew on what is about to go; a counter that was written meanwhile isn't among them.
select count(*), array_agg(w.key) filter (where w.gone < clock), (array_agg(w.key order by w.key desc))[1]
  into looked, ended, last_key
  from (select t.key, t.gone from @schema@.@table@ t where t.key > at.key order by t.key limit left_over) w;
ended := array(
  select t.key from @schema@.@table@ t where t.key = any (ended) and t.gone < clock order by t.key for update skip locked);
