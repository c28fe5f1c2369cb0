-- The version of what stands in this schema: that of its last migration.
create function @schema@.version() returns bigint
language sql immutable security definer set search_path = pg_catalog, pg_temp
as $$ select 1::bigint $$;
