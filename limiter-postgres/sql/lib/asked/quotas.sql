-- What reserve and settle were asked.
-- @include lib/asked/time.sql
-- @include lib/asked/id.sql
-- @include lib/asked/count.sql list=keys most=64
-- @include lib/asked/as_many.sql list=periods of=keys
-- @include lib/asked/as_many.sql list=offsets of=keys
-- @include lib/asked/as_many.sql list=maxes of=keys
-- @include lib/asked/as_many.sql list=amounts of=keys
for i in 1 .. cardinality(keys) loop
  -- @include lib/asked/key_at.sql
  -- @include lib/asked/number_at.sql list=periods least=1 most=5
  -- @include lib/asked/number_at.sql list=offsets least=-1080 most=1080
  -- @include lib/asked/number_at.sql list=maxes least=0 most=9007199254740991
  -- @include lib/asked/number_at.sql list=amounts least=0 most=9007199254740991
end loop;
