-- How the counter `name`, which is locked, stands, and what it knows of an id. Changes nothing.
--   out   used, reserved, now_ms, ends, counts, current; own: the units held under the id, null where none are;
--         is_settled; next_end as it stands
select q.written, q.end_ms, q.used, q.reserved, q.next_end, h.amount, h.expires, s.until
  into written, end_was, used, reserved, next_end, own, own_expires, until
  from @schema@.quota q
  left join @schema@.held h on h.key = q.key || int8send(q.end_ms) and h.id = id
  left join @schema@.settled s on s.key = q.key and s.id = id
  where q.key = name;
-- @include lib/quota/expired.sql
-- @include lib/quota/now.sql period=@period@ zone=@zone@
if own_expires <= now_ms or not current then
  own := null;
end if;
is_settled := counts and coalesce(until > now_ms, false);
