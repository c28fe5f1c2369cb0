-- retry_ms: -1 where it fits, -2 where it never will.
if kind = 2 then
  -- @include lib/sliding_window/reset.sql
elsif kind = 4 then
  -- @include lib/token_bucket/reset.sql
elsif kind = 1 then
  -- @include lib/fixed_window/reset.sql
else
  -- @include lib/sliding_log/reset.sql
end if;
if fits then
  retry_ms := -1;
else
  -- @include lib/retry.sql
end if;
