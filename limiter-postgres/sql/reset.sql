-- Forgets a counter of a rate.
--
-- key, algorithm, window_ms  which, as for hit
-- the rest                   as for hit
-- Returns                    one row. existed: whether anything was counted there
create function @schema@.reset(
  key bytea, algorithm text, window_ms bigint, durable boolean default false, lock_ms bigint default null
) returns table (existed boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  kind bigint := array_position('{fixed_window,sliding_window,sliding_log,token_bucket}', algorithm); wrong text;
begin
  wrong := case
    when (octet_length(key) between 4 and 1133) is not true then
      format('key is %s; accepted: what key() makes of a space and a subject',
        coalesce(octet_length(key) || ' bytes long', 'null'))
    when kind is null then
      format('algorithm is %s; accepted: fixed_window, sliding_window, sliding_log, token_bucket',
        quote_nullable(left(algorithm, 65)))
    when (window_ms between 1 and 31622400000) is not true then
      format('window_ms is %s; accepted: 1 to 31622400000 (366 days)', coalesce(window_ms::text, 'null'))
  end;
  if wrong is not null then
    raise exception '%', wrong using errcode = '22023';
  end if;
  existed := @schema@.reset_rate(@schema@.rate_key(key, kind, window_ms), durable, null, lock_ms);
  return next;
end $$;
