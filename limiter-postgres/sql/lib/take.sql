-- Locks the rows of `taken` (bytea[], each once) in @table@, in the order of the keys whatever order they are given in,
-- and makes those that are missing.
--   wait     null: waits for each in turn. 0: waits for none; n: for the nth before it has any, and then for no other; and
--            where somebody else holds one, or is making it, ends with 55P03, whose detail is its place
--   lock_ms  how long to wait for one; null: as long as the session says
-- Uses mine bytea[], made bigint.
if lock_ms is not null then
  perform set_config('lock_timeout', lock_ms::text, true);
end if;
if wait is null then
  -- @include lib/in_order.sql keys=taken
elsif wait > 0 then
  -- @include lib/in_order.sql keys=taken[wait:wait]
end if;
for round in 1 .. 2 loop
  mine := array(
    select t.key from @schema@.@table@ t where t.key = any (taken) order by t.key for no key update skip locked);
  exit when cardinality(mine) = cardinality(taken);
  if cardinality(taken) > (select count(distinct k) from unnest(taken) k) then
    raise exception 'keys names the same counter twice; accepted: each once' using errcode = '22023';
  end if;
  made := 0;
  if round = 1 then
    -- @include lib/make.sql keys=taken
  end if;
  if made = 0 then
    raise exception 'a row is held by somebody else' using errcode = '55P03',
      detail = (select min(u.i)::text from unnest(taken) with ordinality u (k, i) where u.k <> all (mine));
  end if;
end loop;
