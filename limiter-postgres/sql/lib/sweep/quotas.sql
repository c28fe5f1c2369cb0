-- As the counters of rates, but for those of which something is still in held: who began anew would find it there.
-- @include lib/sweep/counters.sql table=quota
delete from @schema@.quota q
  where q.key = any (ended) and not exists (select from @schema@.held h where h.key = q.key || int8send(q.end_ms));
get diagnostics number = row_count;
removed := removed + number;
