-- a: units of the entries that count at now_ms, b: the time of the newest entry. The row holds the units of all entries.
if b + window_ms <= now_ms then
  a := 0;
elsif a > 0 then
  a := a - coalesce((select sum(l.cost) from @schema@.rate_log l where l.key = name and l.at <= now_ms - window_ms), 0);
end if;
room := max_units - a;
