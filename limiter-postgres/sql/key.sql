-- Keys as rows have them. No two differ in what they name and are the same bytes: prefix and space hold no NUL, what
-- stands before the subject says how long it is, and what follows it has a fixed length.

-- prefix NUL space NUL (0 | 1 length:2 partition) subject
create function @schema@.key(space text, subject text, partition text default null, prefix text default '') returns bytea
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp as $$
declare
  subject_utf8 bytea := convert_to(subject, 'UTF8'); partition_utf8 bytea := convert_to(partition, 'UTF8'); wrong text;
begin
  wrong := case
    when (space collate "C" ~ '^[A-Za-z0-9_.-]{1,64}$') is not true then
      format('space is %s; accepted: 1 to 64 of A-Z a-z 0-9 _ . -', quote_nullable(left(space, 65)))
    when (octet_length(subject_utf8) <= 512) is not true then
      format('subject is %s; accepted: 0 to 512 bytes of UTF-8', coalesce(octet_length(subject_utf8) || ' bytes long', 'null'))
    when octet_length(partition_utf8) not between 1 and 512 then
      format('partition is %s bytes long; accepted: 1 to 512 bytes of UTF-8, or null', octet_length(partition_utf8))
    when (prefix collate "C" ~ '^[A-Za-z0-9_.:-]{0,40}$') is not true then
      format('prefix is %s; accepted: up to 40 of A-Z a-z 0-9 _ . : -', quote_nullable(left(prefix, 41)))
  end;
  if wrong is not null then
    raise exception '%', wrong using errcode = '22023';
  end if;
  -- E'' takes a backslash as one whatever the session's standard_conforming_strings says.
  return convert_to(prefix, 'UTF8') || E'\\x00' || convert_to(space, 'UTF8') || E'\\x00'
    || coalesce(E'\\x01'::bytea || int2send(octet_length(partition_utf8)::int2) || partition_utf8, E'\\x00')
    || subject_utf8;
end $$;

-- The counter of a key for an algorithm and a window: key kind:1 window:8.
create function @schema@.rate_key(key bytea, kind bigint, window_ms bigint) returns bytea
language sql immutable security definer set search_path = pg_catalog, pg_temp
as $$ select key || substr(int2send(kind::int2), 2) || int8send(window_ms) $$;

-- The counter of a key for a period (1 hour, 2 day, 3 week, 4 month, 5 year) and an offset in minutes: key period:1 offset:2.
create function @schema@.quota_key(key bytea, period bigint, offset_minutes bigint) returns bytea
language sql immutable security definer set search_path = pg_catalog, pg_temp
as $$ select key || substr(int2send(period::int2), 2) || int2send(offset_minutes::int2) $$;
