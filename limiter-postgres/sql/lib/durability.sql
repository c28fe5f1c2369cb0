-- Whether the commit waits for the disk. Attributes of a function would be gone before the commit. Assigned and not
-- performed, because perform makes a query of it; durable stays as it was.
if not durable then
  durable := set_config('synchronous_commit', 'off', true)::boolean;
elsif current_setting('synchronous_commit') = 'off' then
  durable := set_config('synchronous_commit', 'on', true)::boolean;
end if;
