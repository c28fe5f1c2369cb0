-- What belongs to the counter k in @table@. Once that is as much as a call may delete, the counters after k are left for the
-- next call.
delete from @schema@.@table@ c where c.key = k;
get diagnostics number = row_count;
removed := removed + number;
if removed >= most then
  ended := array(select e.key from unnest(ended) e (key) where e.key <= k);
  last_key := k; looked := left_over;
  exit;
end if;
