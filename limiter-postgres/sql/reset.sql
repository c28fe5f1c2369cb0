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
  kind bigint := array_position('{fixed_window,sliding_window,sliding_log,token_bucket}', algorithm);
begin
  -- @include lib/asked/key.sql
  if kind is null then
    raise exception 'algorithm is %; accepted: fixed_window, sliding_window, sliding_log, token_bucket',
      quote_nullable(left(algorithm, 65)) using errcode = '22023';
  end if;
  -- @include lib/asked/number.sql value=window_ms least=1 most=31622400000
  existed := @schema@.reset_rate(@schema@.rate_key(key, kind, window_ms), durable, null, lock_ms);
  return next;
end $$;
