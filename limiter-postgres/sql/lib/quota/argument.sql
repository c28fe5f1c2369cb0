-- Stops what no library asks for: it would break sums, or count under a name that nobody finds.
if (
  key is not null and period between 1 and 5 and offset_minutes between -1080 and 1080
  and max between 0 and 9007199254740991 and amount between 0 and 9007199254740991
) is not true then
  raise exception 'key, period, offset_minutes, max or amount is out of range' using errcode = '22023',
    hint = 'accepted: period 1 to 5, offset_minutes -1080 to 1080, max and amount 0 to 2^53 - 1';
end if;
