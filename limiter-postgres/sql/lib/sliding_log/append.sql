delete from @schema@.rate_log l where l.key = name and (written = -1 or l.at <= now_ms - window_ms);
insert into @schema@.rate_log as l (key, at, cost) values (name, now_ms, cost)
  on conflict (key, at) do update set cost = l.cost + excluded.cost;
