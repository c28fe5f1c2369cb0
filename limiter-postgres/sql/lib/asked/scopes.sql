-- What acquire was asked.
-- @include lib/asked/time.sql
-- @include lib/asked/id.sql
-- @include lib/asked/number.sql value=permits least=1 most=9007199254740991
-- @include lib/asked/number.sql value=ttl_ms least=1 most=2592000000
-- @include lib/asked/count.sql list=keys most=64
-- @include lib/asked/as_many.sql list=caps of=keys
for i in 1 .. cardinality(keys) loop
  -- @include lib/asked/key_at.sql
  -- @include lib/asked/number_at.sql list=caps least=0 most=9007199254740991
  if array_position(keys, keys[i]) < i then
    raise exception 'keys[%] is keys[%]; accepted: each once', i, array_position(keys, keys[i]) using errcode = '22023';
  end if;
end loop;
