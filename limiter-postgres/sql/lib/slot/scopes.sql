-- Checks what acquire was asked: who calls may be anybody. Uses wrong text.
-- @include lib/asked_when.sql
wrong := case
  when (id collate "C" ~ '^[A-Za-z0-9_-]{1,64}$') is not true then
    format('id is %s; accepted: 1 to 64 of A-Z a-z 0-9 _ -', quote_nullable(left(id, 65)))
  when (permits between 1 and 9007199254740991) is not true then
    format('permits is %s; accepted: 1 to 9007199254740991 (2^53 - 1)', coalesce(permits::text, 'null'))
  when (ttl_ms between 1 and 2592000000) is not true then
    format('ttl_ms is %s; accepted: 1 to 2592000000 (30 days)', coalesce(ttl_ms::text, 'null'))
  when (cardinality(keys) between 1 and 64) is not true then
    format('keys has %s elements; accepted: 1 to 64', coalesce(cardinality(keys), 0))
  when array_dims(keys) <> format('[1:%s]', cardinality(keys)) or array_dims(caps) is distinct from array_dims(keys) then
    format('keys has the bounds %s and caps %s; accepted: [1:%s], as many of each', array_dims(keys),
      coalesce(array_dims(caps), 'none'), cardinality(keys))
end;
if wrong is null then
  for i in 1 .. cardinality(keys) loop
    wrong := case
      when (octet_length(keys[i]) between 4 and 1133) is not true then
        format('keys[%s] is %s; accepted: what key() makes of a space and a subject', i,
          coalesce(octet_length(keys[i]) || ' bytes long', 'null'))
      when (caps[i] between 0 and 9007199254740991) is not true then
        format('caps[%s] is %s; accepted: 0 to 9007199254740991 (2^53 - 1)', i, coalesce(caps[i]::text, 'null'))
    end;
    exit when wrong is not null;
  end loop;
end if;
if wrong is not null then
  raise exception '%', wrong using errcode = '22023';
end if;
