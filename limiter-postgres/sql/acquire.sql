-- Asks for a lease in scopes: granted in all or in none.
--
-- id        the lease's, 1 to 64 of A-Z a-z 0-9 _ -
-- keys      whose permits: key(…), each once
-- caps      for each key how many permits of it may be held at a time
-- permits   how many in each, from 1 on; ttl_ms: for how long
-- the rest  durable: the commit waits for the disk; wait, lock_ms: see lib/take.sql; at_ms: the time, by tests only
-- Returns   one row. granted; denied_by: the place, from 1 on, of the first key that has no room, else null; in_use: the
--           permits of each key's live leases after the call; expires_ms: when the lease runs out, null where it wasn't
--           granted; held: the permits under this id where they are others than asked for: a conflict, nothing granted
-- Clock     the server's as it is, read once all keys are locked
-- Cost      a key with n leases: O(n)
create function @schema@.acquire(
  id text, keys bytea[], caps bigint[], permits bigint, ttl_ms bigint,
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns table (granted boolean, denied_by bigint, in_use bigint[], expires_ms bigint, held bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
declare
  taken bytea[] := keys; mine bytea[]; made bigint; clock bigint;
  own bigint[]; again boolean; ended boolean;
  -- @include lib/own_transaction.sql
begin
  -- @include lib/asked/scopes.sql
  -- @include lib/isolation.sql
  -- @include lib/durability.sql
  -- @include lib/take.sql table=slot
  -- @include lib/clock.sql
  select array_agg(h.live order by k.place), array_agg(h.own order by k.place), bool_and(h.own > 0), bool_or(h.ended)
    into in_use, own, again, ended
    from unnest(keys) with ordinality k (key, place)
    cross join lateral (
      select coalesce(sum(l.permits) filter (where l.expires > clock), 0)::bigint as live,
          coalesce(max(l.permits) filter (where l.expires > clock and l.id = acquire.id), 0) as own,
          coalesce(bool_or(l.expires <= clock), false) as ended
        from @schema@.lease l where l.key = k.key) h;
  granted := false;
  select o.own into held from unnest(own) with ordinality o (own, place)
    where o.own > 0 and o.own <> permits order by o.place limit 1;
  if held is null and not again then
    select min(s.place) into denied_by from unnest(in_use, own, caps) with ordinality s (live, own, cap, place)
      where permits > s.cap - (s.live - s.own);
  end if;
  if held is not null or denied_by is not null then
    if own_transaction then
      -- Nothing was stored that the commit could wait for.
      perform set_config('synchronous_commit', 'off', true);
    end if;
    return next;
    return;
  end if;
  if ended then
    delete from @schema@.lease l where l.key = any (keys) and l.expires <= clock;
  end if;
  granted := true;
  expires_ms := least(clock + ttl_ms, 9007199254740991);
  insert into @schema@.lease as l (key, id, permits, expires, gone)
    select k.key, acquire.id, acquire.permits, expires_ms,
        case when at_ms is null then expires_ms + 60000 else 9223372036854775807 end
      from unnest(keys) k (key)
    on conflict on constraint lease_pkey do update set expires = excluded.expires, gone = excluded.gone;
  in_use := array(select s.live - s.own + permits from unnest(in_use, own) with ordinality s (live, own, place) order by s.place);
  return next;
end $$;
