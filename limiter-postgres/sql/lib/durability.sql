-- Whether the commit waits for the disk. Attributes of a function would be gone before the commit.
if not durable then
  perform set_config('synchronous_commit', 'off', true);
elsif current_setting('synchronous_commit') = 'off' then
  perform set_config('synchronous_commit', 'on', true);
end if;
