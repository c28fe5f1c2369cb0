-- Stops what no library asks for: it would break sums, or count under a name that nobody finds.
if (
  cardinality(keys) between 1 and 64
  and array[cardinality(periods), cardinality(offsets), cardinality(maxes), cardinality(amounts)]
    = array_fill(cardinality(keys), array[4])
  and 1 <= all (periods) and 5 >= all (periods) and -1080 <= all (offsets) and 1080 >= all (offsets)
  and 0 <= all (maxes) and 9007199254740991 >= all (maxes)
  and 0 <= all (amounts) and 9007199254740991 >= all (amounts)
) is not true then
  raise exception 'keys, periods, offsets, maxes or amounts are out of range' using errcode = '22023',
    hint = 'accepted: 1 to 64 of each; periods 1 to 5, offsets -1080 to 1080, maxes and amounts 0 to 2^53 - 1';
end if;
