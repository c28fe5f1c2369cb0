-- Tables refuse everybody but their owner, as whom the functions run, whatever somebody grants on them; nobody may call the
-- functions without having been granted it.
do $$
declare
  refusing regclass;
begin
  for refusing in select c.oid from pg_class c where c.relnamespace = '@schema@'::regnamespace and c.relkind = 'r' loop
    execute format('alter table %s enable row level security', refusing);
  end loop;
end
$$;
revoke all on schema @schema@ from public;
revoke all on all tables in schema @schema@ from public;
revoke all on all functions in schema @schema@ from public;
