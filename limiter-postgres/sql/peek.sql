-- Whether charges would fit, and how their counters stand. Changes nothing, locks nothing.
--
-- keys …    as for hit
-- at_ms     the time, by tests only
-- Returns   a row a charge in their order, as hit does, but nothing is charged
-- Clock     the server's, read before the rows
create function @schema@.peek(
  keys bytea[], algorithms text[], maxes bigint[], windows_ms bigint[],
  bursts bigint[] default null, costs bigint[] default null, count_denied boolean[] default null,
  at_ms bigint default null
) returns table (place bigint, allowed boolean, remaining bigint, reset_after_ms bigint, retry_after_ms bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  kind bigint; max_units bigint; window_ms bigint; capacity bigint;
  least_units bigint; most_units bigint; counter bytea;
  counters bytea[]; lines bigint[]; told bigint[]; o bigint := 1;
begin
  -- @include lib/asked/charges.sql
  told := @schema@.peek_many(counters, lines, at_ms);
  for i in 1 .. cardinality(counters) loop
    place := i;
    remaining := told[o]; reset_after_ms := told[o + 1];
    -- @include lib/told.sql at=o+3
    o := o + 4;
    return next;
  end loop;
end $$;
