-- retry_ms: -1 where it fits, -2 where it never will.
retry_ms := -2;
if kind = 2 then
  -- @include lib/sliding_window/outlook.sql
elsif kind = 4 then
  -- @include lib/token_bucket/outlook.sql
elsif kind = 1 then
  -- @include lib/fixed_window/outlook.sql
else
  -- @include lib/sliding_log/outlook.sql
end if;
if fits then
  retry_ms := -1;
elsif cost > capacity or max_units = 0 then
  retry_ms := -2;
end if;
