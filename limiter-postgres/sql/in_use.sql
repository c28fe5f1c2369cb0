-- The permits of a key's live leases. Changes nothing.
--
-- key      key(…); at_ms: the time, by tests only
-- Returns  one row. permits
-- Clock    the server's as it is, read before the leases: one that is renewed meanwhile counts
create function @schema@.in_use(key bytea, at_ms bigint default null) returns table (permits bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
declare
  clock bigint;
begin
  -- @include lib/asked/time.sql
  -- @include lib/asked/key.sql
  -- @include lib/clock.sql
  return query select coalesce(sum(l.permits), 0)::bigint from @schema@.lease l
    where l.key = in_use.key and l.expires > clock;
end $$;
