-- Many calls in one statement, each all or nothing by itself, decided in their order.
--
-- counters  the rows of all calls, each once, in ascending order: rate_key(key(…), kind, window)
-- sizes     how many charges each call has
-- charges   six numbers a charge: the place of its row in counters, kind (10 more where denied hits count), max, window in
--           ms, capacity, cost
-- wait      null: waits for every row in turn. 0: for none; n: for the nth before it has any, and for no other; calls over
--           rows that somebody else holds, or is making, aren't decided then
-- lock_ms   how long it waits for one; 55P03 then
-- Returns   for each call 1, and three numbers a charge: remaining, ms until the counter is as if never used, the time of
--           the charge or -1. Or 0 where it is denied, and a fourth: -1 where it fits, -2 where it never will, else the ms
--           until it does. Or, where it wasn't decided, minus the place of a row that is held
-- Clock     the server's, read once all rows are locked
create function @schema@.hit_many(
  counters bytea[], sizes bigint[], charges bigint[],
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns bigint[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_hashjoin = off set enable_mergejoin = off
-- @include lib/plans.sql
as $$
<<this>>
declare
  clock bigint; now_ms bigint; name bytea; kind bigint; counts_denied boolean;
  max_units bigint; window_ms bigint; capacity bigint; cost bigint;
  a bigint; b bigint; written bigint; room bigint; m bigint; fits boolean;
  gone_ms bigint; reset_ms bigint; retry_ms bigint; charged_at bigint;
  -- Of each row: where it stands, what is in it, and from when on it may be swept, null while nothing is to be written.
  place tid; place_of tid[]; a_of bigint[]; b_of bigint[]; written_of bigint[];
  gone_of bigint[] := array_fill(null::bigint, array[cardinality(counters)]); r bigint; made bigint;
  -- The call's charges: from first to before past in charges, and the row that is held.
  size bigint; first bigint := 1; past bigint; c bigint; held bigint; denies boolean; logs boolean;
  -- What the call has charged so far, and what was there before.
  done bigint; old_c bigint[]; old_a bigint[]; old_b bigint[]; old_written bigint[]; old_gone bigint[];
  told bigint[] := array_fill(0::bigint, array[cardinality(sizes) + cardinality(charges) / 6 * 4]);
  o bigint := 0; head bigint;
begin
  -- @include lib/durability.sql
  if lock_ms is not null and wait is distinct from 0 then
    perform set_config('lock_timeout', lock_ms::text, true);
  end if;
  if wait is null then
    -- One by one, as in lib/in_order.sql.
    foreach name in array counters loop
      loop
        select t.ctid, t.a, t.b, t.written into place, a, b, written
          from @schema@.rate t where t.key = name for no key update;
        exit when found;
        insert into @schema@.rate as t (key) values (name) on conflict do nothing
          returning t.ctid, t.a, t.b, t.written into place, a, b, written;
        exit when found;
      end loop;
      place_of := place_of || place; a_of := a_of || a; b_of := b_of || b; written_of := written_of || written;
    end loop;
  else
    if wait > 0 then
      -- @include lib/in_order.sql table=rate keys=counters[wait:wait]
    end if;
    for round in 1 .. 2 loop
      select array_agg(s.ctid), array_agg(s.a), array_agg(s.b), array_agg(s.written)
        into place_of, a_of, b_of, written_of
        from (
          select t.ctid, t.a, t.b, t.written
          from unnest(counters) with ordinality u (key, i) join @schema@.rate t on t.key = u.key
          order by u.i for no key update of t skip locked
        ) s;
      exit when cardinality(place_of) = cardinality(counters);
      made := 0;
      if round = 1 then
        -- @include lib/make.sql table=rate keys=counters
      end if;
      continue when made > 0;
      -- Each keeps its place; nothing is known of those that are held.
      select array_agg(t.ctid order by u.i), array_agg(t.a order by u.i), array_agg(t.b order by u.i),
          array_agg(t.written order by u.i)
        into place_of, a_of, b_of, written_of
        from unnest(counters) with ordinality u (key, i)
        left join @schema@.rate t on t.key = u.key and t.ctid = any (place_of);
      exit;
    end loop;
  end if;
  -- @include lib/clock.sql
  foreach size in array sizes loop
    past := first + 6 * size;
    head := o + 1; held := 0; denies := false;
    loop
      o := head; c := first; done := 0; logs := false;
      while c < past loop
        r := charges[c]; kind := charges[c + 1]; max_units := charges[c + 2]; window_ms := charges[c + 3];
        capacity := charges[c + 4]; cost := charges[c + 5];
        a := a_of[r]; b := b_of[r]; written := written_of[r];
        if written is null then
          held := r;
          exit;
        end if;
        counts_denied := kind > 10;
        if counts_denied then
          kind := kind - 10;
        end if;
        if kind = 3 then
          name := counters[r]; logs := true;
        end if;
        -- @include lib/look.sql
        exit when not fits and not denies;
        charged_at := -1;
        if cost > 0 and (fits and not denies or not fits and counts_denied) then
          if size > 1 or kind = 3 then
            done := done + 1; old_c[done] := c;
            old_a[done] := a_of[r]; old_b[done] := b_of[r]; old_written[done] := written_of[r]; old_gone[done] := gone_of[r];
          end if;
          -- @include lib/charge.sql
          a_of[r] := a; b_of[r] := b; written_of[r] := now_ms; gone_of[r] := gone_ms;
          charged_at := now_ms;
        end if;
        -- @include lib/outlook.sql
        told[o + 1] := greatest(room, 0); told[o + 2] := reset_ms; told[o + 3] := charged_at;
        if denies then
          told[o + 4] := retry_ms;
          o := o + 4;
        else
          o := o + 3;
        end if;
        c := c + 6;
      end loop;
      exit when c = past;
      -- One doesn't fit, or is held: what the call has charged so far was never charged.
      while done > 0 loop
        r := charges[old_c[done]];
        a_of[r] := old_a[done]; b_of[r] := old_b[done]; written_of[r] := old_written[done]; gone_of[r] := old_gone[done];
        done := done - 1;
      end loop;
      exit when held > 0;
      denies := true;
    end loop;
    if held > 0 then
      o := head; told[head] := -held;
    elsif denies then
      told[head] := 0;
    else
      told[head] := 1;
      while logs and done > 0 loop
        c := old_c[done]; r := charges[c];
        if charges[c + 1] = 3 then
          name := counters[r]; now_ms := written_of[r]; window_ms := charges[c + 3]; cost := charges[c + 5];
          written := case when old_written[done] - clock > 60000 then -1 else 0 end;
          -- @include lib/sliding_log/append.sql
        end if;
        done := done - 1;
      end loop;
    end if;
    first := past;
  end loop;
  update @schema@.rate t
    set a = u.a, b = u.b, written = u.written,
      gone = case when at_ms is null then u.gone + 60000 else 9223372036854775807 end
    from unnest(place_of, a_of, b_of, written_of, gone_of) u (place, a, b, written, gone)
    where u.gone is not null and t.ctid = u.place;
  return told[1:o];
end $$;
