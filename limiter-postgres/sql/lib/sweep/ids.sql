-- The next left_over rows in @table@: those go whose time is up and which nobody holds. What was written meanwhile stays.
select count(*), array_agg(w.key) filter (where w.gone < clock), array_agg(w.id) filter (where w.gone < clock),
    (array_agg(w.key order by w.key desc, w.id desc))[1], (array_agg(w.id order by w.key desc, w.id desc))[1]
  into looked, ended, ended_ids, last_key, last_id
  from (
    select t.key, t.id, t.gone from @schema@.@table@ t where (t.key, t.id) > (at.key, at.id)
      order by t.key, t.id limit left_over) w;
delete from @schema@.@table@ t where t.ctid = any (array(
  select o.ctid from unnest(ended, ended_ids) e (key, id)
    join @schema@.@table@ o on o.key = e.key and o.id = e.id and o.gone < clock
    for update of o skip locked));
get diagnostics number = row_count;
removed := removed + number;
