-- Of a charge that doesn't fit.
if cost > capacity or max_units = 0 then
  retry_ms := -2;
elsif kind = 2 then
  -- @include lib/sliding_window/retry.sql
elsif kind = 4 then
  -- @include lib/token_bucket/retry.sql
elsif kind = 1 then
  -- @include lib/fixed_window/retry.sql
else
  -- @include lib/sliding_log/retry.sql
end if;
