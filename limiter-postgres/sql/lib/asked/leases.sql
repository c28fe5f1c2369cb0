-- What renew and release were asked. Uses before bigint, and leaves it at 0.
-- @include lib/asked/time.sql
-- @include lib/asked/count.sql list=ids most=1000
-- @include lib/asked/as_many.sql list=counts of=ids
-- @include lib/asked/count.sql list=keys most=64000
for i in 1 .. cardinality(keys) loop
  -- @include lib/asked/key_at.sql
end loop;
for i in 1 .. cardinality(ids) loop
  if (ids[i] collate "C" ~ '^[A-Za-z0-9_-]{1,64}$') is not true then
    raise exception 'ids[%] is %; accepted: 1 to 64 of A-Z a-z 0-9 _ -', i, quote_nullable(left(ids[i], 65))
      using errcode = '22023';
  end if;
  -- @include lib/asked/number_at.sql list=counts least=1 most=64
  before := before + counts[i];
end loop;
if before <> cardinality(keys) then
  raise exception 'counts are % in all; accepted: %, as many as keys', before, cardinality(keys) using errcode = '22023';
end if;
before := 0;
