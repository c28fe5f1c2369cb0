-- Written at once: each line stands for itself. a: units of all entries again.
gone_ms := b + window_ms;
if charged_at > now_ms - window_ms and written <> -1 then
  select l.cost into m from @schema@.rate_log l where l.key = name and l.at = charged_at;
  if found then
    changed := true;
    a := stored - least(cost, m);
    if m > cost then
      update @schema@.rate_log l set cost = l.cost - this.cost where l.key = name and l.at = charged_at;
    else
      delete from @schema@.rate_log l where l.key = name and l.at = charged_at;
      b := coalesce((select max(l.at) from @schema@.rate_log l where l.key = name), 0);
    end if;
  end if;
end if;
