-- Writes the counter `name`. Its row is kept for 60 s longer than anything that was ever written there means something,
-- the last being over at @life@.
update @schema@.quota q
  set end_ms = ends, used = used, reserved = reserved + expired, next_end = next_end, written = now_ms,
    gone = case
      when at_ms is not null then 9223372036854775807
      when counts then greatest(q.gone, @life@ + 60000)
      else @life@ + 60000 end
  where q.key = name;
