b := b + cost;
if b > max_units then
  -- The most that keeps units times window exact. Only a denied hit that counts can pass it.
  b := least(b, 9007199254740991 / window_ms);
end if;
gone_ms := now_ms - now_ms % window_ms + 2 * window_ms;
