-- Moves the expiry of leases. One that isn't live in all its keys is lost: it is removed where it still stands.
--
-- ids       the leases'
-- counts    for each lease how many keys it has; ttls: for each to how many ms from now its expiry moves
-- keys      the keys of all leases, one lease's after the other's
-- the rest  durable: the commit waits for the disk; wait, lock_ms: see lib/take.sql, by the places of the keys without
--           those that stood before; at_ms: the time, by tests only
-- Returns   one row. live: for each lease whether it is
-- Clock     the server's as it is, read once all keys are locked
create function @schema@.renew(
  ids text[], counts bigint[], ttls bigint[], keys bytea[],
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns table (live boolean[])
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
declare
  taken bytea[]; mine bytea[]; made bigint; clock bigint;
  part bytea[]; before bigint := 0; found_in bigint; expires_ms bigint;
begin
  -- @include lib/asked/leases.sql
  -- @include lib/asked/as_many.sql list=ttls of=ids
  for i in 1 .. cardinality(ids) loop
    -- @include lib/asked/number_at.sql list=ttls least=1 most=2592000000
  end loop;
  -- @include lib/isolation.sql
  -- @include lib/durability.sql
  -- @include lib/each_once.sql
  -- @include lib/take.sql table=slot
  -- @include lib/clock.sql
  live := array[]::boolean[];
  for place in 1 .. cardinality(ids) loop
    part := keys[before + 1 : before + counts[place]];
    before := before + counts[place];
    expires_ms := least(clock + ttls[place], 9007199254740991);
    update @schema@.lease l set expires = expires_ms,
        gone = case when at_ms is null then expires_ms + 60000 else 9223372036854775807 end
      where l.key = any (part) and l.id = ids[place] and l.expires > clock;
    get diagnostics found_in = row_count;
    if found_in < counts[place] then
      delete from @schema@.lease l where l.key = any (part) and l.id = ids[place];
    end if;
    live := live || (found_in = counts[place]);
  end loop;
  return next;
end $$;
