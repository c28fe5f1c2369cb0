-- Keys as rows have them. No two differ in what they name and are the same bytes: prefix and space hold no NUL, what
-- stands before the subject says how long it is, and what follows it has a fixed length.

-- prefix NUL space NUL (0 | 1 length:2 partition) subject
create function @schema@.key(space text, subject text, partition text default null, prefix text default '') returns bytea
language sql immutable security definer set search_path = pg_catalog, pg_temp
as $$
  select convert_to(prefix, 'UTF8') || '\x00' || convert_to(space, 'UTF8') || '\x00'
    || case when partition is null then '\x00'::bytea
       else '\x01'::bytea || int2send(octet_length(convert_to(partition, 'UTF8'))::int2) || convert_to(partition, 'UTF8') end
    || convert_to(subject, 'UTF8')
$$;

-- The counter of a key for an algorithm and a window: key kind:1 window:8.
create function @schema@.rate_key(key bytea, kind bigint, window_ms bigint) returns bytea
language sql immutable security definer set search_path = pg_catalog, pg_temp
as $$ select key || substr(int2send(kind::int2), 2) || int8send(window_ms) $$;

-- The counter of a key for a period (1 hour, 2 day, 3 week, 4 month, 5 year) and an offset in minutes: key period:1 offset:2.
create function @schema@.quota_key(key bytea, period bigint, offset_minutes bigint) returns bytea
language sql immutable security definer set search_path = pg_catalog, pg_temp
as $$ select key || substr(int2send(period::int2), 2) || int2send(offset_minutes::int2) $$;
