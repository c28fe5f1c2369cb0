-- How many @list@, from 1 on: 1 to @most@.
if (cardinality(@list@) between 1 and @most@ and array_dims(@list@) = '[1:' || cardinality(@list@) || ']') is not true then
  raise exception '@list@ has %; accepted: 1 to @most@ elements',
    coalesce('the bounds ' || array_dims(@list@), 'no elements') using errcode = '22023';
end if;
