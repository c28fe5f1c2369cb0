-- Deletes what has lost its meaning, a batch a call: walks through the tables in the order of their keys, from where the
-- last call stopped, whoever made it. So no index is needed on what changes with each hit. It waits for no lock: a row that
-- somebody holds stays for the next walk.
--
-- anew      starts a walk now, from the first row on, although none is due
-- every_ms  how long after the end of a walk the next is due
-- most      how many rows are looked at; of one log all entries go at once
-- at_ms     the time, by tests only
-- Returns   one row. removed: how many rows; wait_ms: 0 where there is more to be looked at, else the ms until the next
--           walk is due, null where somebody else is at it just now
-- Clock     the server's as it is. A row that was written with a time handed in never goes
-- Cost      O(most): rows are looked at, and up to as many deleted
create table @schema@.sweep (
  one boolean primary key default true check (one),
  -- The table that is walked through: 1 rate, 2 lease, 3 slot, 4 settled, 5 held, 6 quota; 0: none.
  stage bigint not null default 0,
  -- The last row that was looked at there.
  key bytea not null default '',
  id text collate "C" not null default '',
  due bigint not null default 0
) with (fillfactor = 50);
insert into @schema@.sweep default values;

create function @schema@.sweep(
  anew boolean default false, every_ms bigint default 60000, most bigint default 1000, at_ms bigint default null
) returns table (removed bigint, wait_ms bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
-- A walk goes by the primary keys, never by another index and a sort, however little is known of the table.
set enable_sort = off
set enable_incremental_sort = off
set max_parallel_workers_per_gather = 0
as $$
declare
  clock bigint; at record; looked bigint; left_over bigint := most; number bigint;
  last_key bytea; last_id text; ended bytea[]; ended_ids text[]; places tid[]; names bytea[]; k bytea;
  -- @include lib/own_transaction.sql
begin
  -- @include lib/asked/time.sql
  -- @include lib/asked/number.sql value=every_ms least=0 most=9007199254740991
  -- @include lib/asked/number.sql value=most least=1 most=9007199254740991
  if anew is null then
    raise exception 'anew is null; accepted: true or false' using errcode = '22023';
  end if;
  if own_transaction then
    -- What is lost is deleted again.
    perform set_config('synchronous_commit', 'off', true);
  end if;
  removed := 0;
  select s.stage, s.key, s.id, s.due into at from @schema@.sweep s where s.one for update skip locked;
  if not found then
    return next;
    return;
  end if;
  -- @include lib/clock.sql
  if anew or at.stage = 0 then
    -- A time that lies further ahead was written by a clock that was wrong.
    wait_ms := at.due - clock;
    if not anew and wait_ms > 0 and wait_ms <= every_ms then
      return next;
      return;
    end if;
    at.stage := 1; at.key := ''; at.id := '';
  end if;
  while left_over > 0 and at.stage > 0 loop
    if at.stage = 1 then
      -- @include lib/sweep/counters.sql table=rate
      for k in select e.key from unnest(ended) e (key)
        where length(e.key) > 9 and get_byte(e.key, length(e.key) - 9) = 3 loop
        -- @include lib/sweep/entries.sql table=rate_log
      end loop;
      -- @include lib/sweep/delete.sql table=rate
    elsif at.stage = 2 then
      -- @include lib/sweep/ids.sql table=lease
    elsif at.stage = 3 then
      -- @include lib/sweep/slots.sql
    elsif at.stage = 4 then
      -- @include lib/sweep/ids.sql table=settled
    elsif at.stage = 5 then
      -- @include lib/sweep/held.sql
    else
      -- @include lib/sweep/quotas.sql
    end if;
    if looked < left_over then
      at.stage := (at.stage + 1) % 7; at.key := ''; at.id := '';
    else
      at.key := last_key; at.id := coalesce(last_id, '');
    end if;
    left_over := left_over - looked;
  end loop;
  if at.stage = 0 then
    at.due := clock + every_ms;
  end if;
  update @schema@.sweep s set stage = at.stage, key = at.key, id = at.id, due = at.due where s.one;
  wait_ms := case when at.stage = 0 then every_ms else 0 end;
  return next;
end $$;
