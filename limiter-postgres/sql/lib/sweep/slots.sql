-- Those of the next left_over keys in slot that have no leases. Whether one has is looked at again once it is locked: who
-- held it until then may have made one.
select count(*), array_agg(w.key), (array_agg(w.key order by w.key desc))[1] into looked, ended, last_key
  from (select t.key from @schema@.slot t where t.key > at.key order by t.key limit left_over) w;
ended := array(
  select t.key from @schema@.slot t
    where t.key = any (ended) and not exists (select from @schema@.lease l where l.key = t.key)
    order by t.key for update of t skip locked);
delete from @schema@.slot t
  where t.key = any (ended) and not exists (select from @schema@.lease l where l.key = t.key);
get diagnostics number = row_count;
removed := removed + number;
