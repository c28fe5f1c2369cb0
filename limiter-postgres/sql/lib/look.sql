-- @include lib/effective.sql
if kind = 2 then
  -- @include lib/sliding_window/look.sql
elsif kind = 4 then
  -- @include lib/token_bucket/look.sql
elsif kind = 1 then
  -- @include lib/fixed_window/look.sql
else
  -- @include lib/sliding_log/look.sql
end if;
fits := cost <= room;
