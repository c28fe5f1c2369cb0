-- When reservations will have run out that hold so many units: for refusals. Null where they never do.
--
-- counter  its row, quota_key(…), and the end of its period as 8 bytes
-- now_ms   those that have run out by then count no more
-- units    more than 0
-- Cost     O(n) for the n reservations that have to run out
create function @schema@.quota_room(counter bytea, now_ms bigint, units bigint) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
begin
  -- In the order of an index, so that no more is read than is needed.
  return (
    select x.expires
      from (
        select h.expires, sum(h.amount) over (order by h.expires rows unbounded preceding) as freed
          from @schema@.held h where h.key = counter and h.expires > now_ms
      ) x
      where x.freed >= units order by x.expires limit 1
  );
end $$;
