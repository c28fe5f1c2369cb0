-- Gives back charges that hit made: a login that succeeded, work that wasn't done. A second time gives back twice.
--
-- keys …         as they were for hit
-- charged_at_ms  when each was charged, as hit told; null where nothing was, which gives nothing back
-- the rest       as for hit
-- Returns        one row. given_back: how many of the charges gave something back
-- Clock          the server's, read once all rows are locked
create function @schema@.refund(
  keys bytea[], algorithms text[], maxes bigint[], windows_ms bigint[], charged_at_ms bigint[],
  bursts bigint[] default null, costs bigint[] default null,
  durable boolean default false, lock_ms bigint default null, at_ms bigint default null
) returns table (given_back bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  kind bigint; max_units bigint; window_ms bigint; capacity bigint;
  least_units bigint; most_units bigint; counter bytea;
  counters bytea[]; lines bigint[]; count_denied boolean[];
  charged bytea[] := '{}'; charges bigint[] := '{}';
begin
  -- @include lib/asked/charges.sql
  -- @include lib/asked/as_many.sql list=charged_at_ms of=keys
  for i in 1 .. cardinality(counters) loop
    continue when charged_at_ms[i] is null;
    if charged_at_ms[i] not between 0 and 9007199254740991 then
      raise exception 'charged_at_ms[%] is %; accepted: what hit told, or null', i, charged_at_ms[i] using errcode = '22023';
    end if;
    charged := charged || counters[i];
    charges := charges || lines[5 * i - 4 : 5 * i] || charged_at_ms[i];
  end loop;
  given_back := 0;
  if charged <> '{}' then
    given_back := @schema@.refund_many(charged, charges, durable, null, lock_ms, at_ms);
  end if;
  return next;
end $$;
