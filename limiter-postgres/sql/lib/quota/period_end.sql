-- When the period that holds @now@ ends: an expression. Counted in minutes from Monday 1969-12-22, which no zone's time
-- lies before, so that nothing is negative; a time near 2^53 ms has no room for more.
(
  case @period@
    when 1 then (@now@ / 60000 + @zone@ + 14400) / 60 * 60 + 60
    when 2 then (@now@ / 60000 + @zone@ + 14400) / 1440 * 1440 + 1440
    when 3 then (@now@ / 60000 + @zone@ + 14400) / 10080 * 10080 + 10080
    when 4 then 1440::bigint * ((
      date_trunc('month', (date '1969-12-22' + ((@now@ / 60000 + @zone@ + 14400) / 1440)::integer)::timestamp)
      + interval '1 month')::date - date '1969-12-22')
    when 5 then 1440::bigint * ((
      date_trunc('year', (date '1969-12-22' + ((@now@ / 60000 + @zone@ + 14400) / 1440)::integer)::timestamp)
      + interval '1 year')::date - date '1969-12-22')
  end - 14400 - @zone@
) * 60000
