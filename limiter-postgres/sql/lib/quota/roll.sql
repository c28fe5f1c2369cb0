-- Drops what has run out or was written by a wrong clock. What belongs to another period is under another key, for the sweep.
--   out   expired: what of the sum in the row has run out and is still to be dropped
if not current then
  -- Only a clock that was set back finds any.
  delete from @schema@.held h where h.key = period_key;
  next_end := 9223372036854775807; expired := 0;
elsif next_end <= now_ms then
  -- So many at most, so that no call takes long: the next ones, and the sweep, go on.
  with dropped as (
    delete from @schema@.held h where h.ctid = any (array(
      select l.ctid from @schema@.held l where l.key = period_key and l.expires <= now_ms order by l.expires limit 10000))
    returning h.amount)
  select expired - coalesce(sum(d.amount), 0) into expired from dropped d;
  next_end := coalesce(
    (select h.expires from @schema@.held h where h.key = period_key order by h.expires limit 1), 9223372036854775807);
end if;
if not counts then
  delete from @schema@.settled s where s.key = name;
end if;
