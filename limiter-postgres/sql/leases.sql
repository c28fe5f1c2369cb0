-- The live leases of a key, the first to run out first. Changes nothing.
--
-- key      key(…); at_ms: the time, by tests only
-- Returns  a row a lease: id, permits, expires_ms
-- Clock    the server's as it is, read before the leases: one that is renewed meanwhile is listed
create function @schema@.leases(key bytea, at_ms bigint default null)
returns table (id text, permits bigint, expires_ms bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
declare
  clock bigint;
begin
  -- @include lib/asked/time.sql
  -- @include lib/asked/key.sql
  -- @include lib/clock.sql
  return query select l.id, l.permits, l.expires from @schema@.lease l
    where l.key = leases.key and l.expires > clock order by l.expires, l.id;
end $$;
