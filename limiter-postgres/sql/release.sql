-- Removes leases. A second time changes nothing.
--
-- ids       the leases'
-- counts    for each lease how many keys it has
-- keys      the keys of all leases, one lease's after the other's
-- the rest  durable: the commit waits for the disk; wait, lock_ms: see lib/take.sql, by the places of the keys without
--           those that stood before; at_ms: the time, by tests only
-- Returns   one row. live: for each lease whether it was, in all its keys
-- Clock     the server's as it is, read once all keys are locked
create function @schema@.release(
  ids text[], counts bigint[], keys bytea[],
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns table (live boolean[])
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
declare
  taken bytea[]; mine bytea[]; made bigint; clock bigint;
  part bytea[]; before bigint := 0; found_in bigint;
begin
  -- @include lib/asked/leases.sql
  -- @include lib/isolation.sql
  -- @include lib/durability.sql
  -- @include lib/each_once.sql
  -- @include lib/take.sql table=slot
  -- @include lib/clock.sql
  live := array[]::boolean[];
  for place in 1 .. cardinality(ids) loop
    part := keys[before + 1 : before + counts[place]];
    before := before + counts[place];
    with removed as (
      delete from @schema@.lease l where l.key = any (part) and l.id = ids[place] returning l.expires)
    select count(*) filter (where r.expires > clock) into found_in from removed r;
    live := live || (found_in = counts[place]);
  end loop;
  return next;
end $$;
