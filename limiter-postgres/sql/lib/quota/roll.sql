-- Drops what belongs to another period, has run out or was written by a wrong clock.
if not current then
  delete from @schema@.held h where h.key = name;
  next_end := 9223372036854775807;
elsif next_end <= now_ms then
  delete from @schema@.held h where h.key = name and h.expires <= now_ms;
  next_end := coalesce(
    (select h.expires from @schema@.held h where h.key = name and h.expires > now_ms order by h.expires limit 1),
    9223372036854775807);
end if;
if not counts then
  delete from @schema@.settled s where s.key = name;
end if;
