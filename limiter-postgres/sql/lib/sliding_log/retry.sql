retry_ms := (
  select min(s.at) + window_ms - now_ms
  from (
    select l.at, sum(l.cost) over (order by l.at) as leaving
    from @schema@.rate_log l where l.key = name and l.at > now_ms - window_ms
  ) s
  where s.leaving >= cost - room);
