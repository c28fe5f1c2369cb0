-- Whether charges would fit, and how their counters stand. Changes nothing, locks nothing.
--
-- counters  the row of each charge: rate_key(key(…), kind, window)
-- charges   five numbers a charge: kind (10 more where denied hits count), max, window in ms, capacity, cost
-- Returns   four numbers a charge: remaining, ms until the counter is as if never used, -1, and -1 where it fits, -2 where
--           it never will, else the ms until it does
-- Clock     the server's when the statement came: all of it sees the rows as they were just after (stable), a log's entries
--           as its row tells of them
create function @schema@.peek_many(counters bytea[], charges bigint[], at_ms bigint default null) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
<<this>>
declare
  clock bigint; now_ms bigint; name bytea; kind bigint;
  max_units bigint; window_ms bigint; capacity bigint; cost bigint;
  a bigint; b bigint; written bigint; room bigint; m bigint; fits boolean;
  reset_ms bigint; retry_ms bigint;
  a_of bigint[]; b_of bigint[]; written_of bigint[];
  told bigint[] := '{}'; c bigint := 1;
begin
  clock := coalesce(at_ms, floor(extract(epoch from statement_timestamp()) * 1000)::bigint);
  select array_agg(coalesce(t.a, 0) order by u.i), array_agg(coalesce(t.b, 0) order by u.i),
      array_agg(coalesce(t.written, 0) order by u.i)
    into a_of, b_of, written_of
    from unnest(counters) with ordinality u (key, i) left join @schema@.rate t on t.key = u.key;
  for r in 1..cardinality(counters) loop
    name := counters[r]; kind := charges[c] % 10; max_units := charges[c + 1]; window_ms := charges[c + 2];
    capacity := charges[c + 3]; cost := charges[c + 4];
    a := a_of[r]; b := b_of[r]; written := written_of[r];
    -- @include lib/look.sql
    -- @include lib/outlook.sql
    told := told || array[greatest(room, 0), reset_ms, -1, retry_ms];
    c := c + 5;
  end loop;
  return told;
end $$;
