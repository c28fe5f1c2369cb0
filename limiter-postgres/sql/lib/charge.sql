if kind = 2 then
  -- @include lib/sliding_window/charge.sql
elsif kind = 4 then
  -- @include lib/token_bucket/charge.sql
elsif kind = 1 then
  -- @include lib/fixed_window/charge.sql
else
  -- @include lib/sliding_log/charge.sql
end if;
room := room - cost;
