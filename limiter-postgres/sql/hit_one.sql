-- One charge of one call.
--
-- counter      its row: rate_key(key(…), kind, window)
-- charge_kind  1 fixed window, 2 sliding window, 3 sliding log, 4 token bucket; 10 more where denied hits count
-- the rest     max in units, window in ms, capacity in units, cost in units; durable: the commit waits for the disk;
--              wait: null waits for the row, 0 doesn't; lock_ms: how long; at_ms: the time, by tests only
-- Returns      remaining, ms until the counter is as if never used, the time of the charge or -1, and -1 where it fits,
--              -2 where it never will, else the ms until it does; {-1} where somebody else holds the row
-- Clock        the server's, read under the row's lock
create function @schema@.hit_one(
  counter bytea, charge_kind bigint, max_units bigint, window_ms bigint, capacity bigint, cost bigint,
  durable boolean default true, wait bigint default null, lock_ms bigint default null, at_ms bigint default null
) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
-- @include lib/plans.sql
as $$
<<this>>
declare
  name alias for counter; kind alias for charge_kind; counts_denied boolean;
  clock bigint; now_ms bigint; place tid;
  a bigint; b bigint; written bigint; room bigint; m bigint;
  gone_ms bigint; reset_ms bigint; retry_ms bigint; charged_at bigint;
begin
  -- @include lib/durability.sql
  if wait = 0 then
    select t.a, t.b, t.written, t.ctid into a, b, written, place
      from @schema@.rate t where t.key = name for no key update skip locked;
  else
    if lock_ms is not null then
      perform set_config('lock_timeout', lock_ms::text, true);
    end if;
    select t.a, t.b, t.written, t.ctid into a, b, written, place
      from @schema@.rate t where t.key = name for no key update;
  end if;
  while not found loop
    if lock_ms is not null then
      -- Somebody may be making it.
      perform set_config('lock_timeout', lock_ms::text, true);
    end if;
    insert into @schema@.rate as t (key) values (name) on conflict do nothing
      returning t.a, t.b, t.written, t.ctid into a, b, written, place;
    exit when found;
    if wait = 0 then
      return array[-1];
    end if;
    select t.a, t.b, t.written, t.ctid into a, b, written, place
      from @schema@.rate t where t.key = name for no key update;
  end loop;
  -- @include lib/clock.sql
  if kind > 10 then
    kind := kind - 10; counts_denied := true;
  end if;
  -- @include lib/effective.sql
  if kind = 2 then
    -- @include lib/sliding_window/look.sql
    if cost > 0 and (cost <= room or counts_denied) then
      charged_at := now_ms;
      -- @include lib/sliding_window/charge.sql
    end if;
    -- @include lib/sliding_window/reset.sql
  elsif kind = 4 then
    -- @include lib/token_bucket/look.sql
    if cost > 0 and (cost <= room or counts_denied) then
      charged_at := now_ms;
      -- @include lib/token_bucket/charge.sql
    end if;
    -- @include lib/token_bucket/reset.sql
  elsif kind = 1 then
    -- @include lib/fixed_window/look.sql
    if cost > 0 and (cost <= room or counts_denied) then
      charged_at := now_ms;
      -- @include lib/fixed_window/charge.sql
    end if;
    -- @include lib/fixed_window/reset.sql
  else
    -- @include lib/sliding_log/look.sql
    if cost > 0 and (cost <= room or counts_denied) then
      charged_at := now_ms;
      -- @include lib/sliding_log/charge.sql
      -- @include lib/sliding_log/append.sql
    end if;
    -- @include lib/sliding_log/reset.sql
  end if;
  if charged_at is not null then
    update @schema@.rate t set a = this.a, b = this.b, written = now_ms,
      gone = case when at_ms is null then gone_ms + 60000 else 9223372036854775807 end
      where t.ctid = place;
  end if;
  if cost > room then
    -- @include lib/retry.sql
  end if;
  return array[
    greatest(case when charged_at is null then room else room - cost end, 0),
    reset_ms, coalesce(charged_at, -1), coalesce(retry_ms, -1)];
end $$;
