-- When the period that holds now_ms ends: `ends`. Counted in minutes from Monday 1969-12-22, before which no zone's time
-- lies, so that nothing is negative; a time near 2^53 ms has no room for more than that.
ends := now_ms / 60000 + @zone@ + 14400;
if @period@ = 1 then
  ends := ends / 60 * 60 + 60;
elsif @period@ = 2 then
  ends := ends / 1440 * 1440 + 1440;
elsif @period@ = 3 then
  ends := ends / 10080 * 10080 + 10080;
elsif @period@ = 4 then
  ends := 1440::bigint * ((date_trunc('month', (date '1969-12-22' + (ends / 1440)::integer)::timestamp)
    + interval '1 month')::date - date '1969-12-22');
else
  ends := 1440::bigint * ((date_trunc('year', (date '1969-12-22' + (ends / 1440)::integer)::timestamp)
    + interval '1 year')::date - date '1969-12-22');
end if;
ends := (ends - 14400 - @zone@) * 60000;
