-- The next left_over rows in held: those go that ran out, or whose period was over, a minute ago, where nobody holds the
-- counter; and those of a counter that counts another period by now, or is gone. The counter's sum is told. They are found
-- again by their places, whatever the statistics say: those may be of before a burst.
select count(*), array_agg(w.key) filter (where w.over), array_agg(w.ctid) filter (where w.over),
    (array_agg(w.key order by w.key desc, w.id desc))[1], (array_agg(w.id order by w.key desc, w.id desc))[1]
  into looked, ended, places, last_key, last_id
  from (
    select h.key, h.id, h.ctid,
        -- @include lib/sweep/over.sql
        as over
      from (
        select h.key, h.id, h.ctid, h.expires from @schema@.held h where (h.key, h.id) > (at.key, at.id)
          order by h.key, h.id limit left_over) h
      left join lateral (
        select q.key, q.end_ms, q.gone from @schema@.quota q where q.key = substr(h.key, 1, length(h.key) - 8) offset 0
      ) q on true) w;
names := array(
  select q.key from @schema@.quota q
    where q.key = any (array(select distinct substr(e.key, 1, length(e.key) - 8) from unnest(ended) e (key)))
    order by q.key for no key update skip locked);
with dropped as (
  delete from @schema@.held d where d.ctid = any (array(
    select h.ctid from @schema@.held h
      left join @schema@.quota q on q.key = substr(h.key, 1, length(h.key) - 8)
      where h.ctid = any (places) and (q.key is null or q.key in (select unnest(names))) and
        -- @include lib/sweep/over.sql
      for update of h skip locked))
  returning d.key, d.amount
), freed as (
  update @schema@.quota q set reserved = q.reserved - s.amount
    from (select d.key, sum(d.amount)::bigint as amount from dropped d group by d.key) s
    where q.key = substr(s.key, 1, length(s.key) - 8) and s.key = q.key || int8send(q.end_ms)
)
select count(*) into number from dropped;
removed := removed + number;
