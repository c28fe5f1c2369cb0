-- As many of @list@ as of @of@.
if array_dims(@list@) is distinct from array_dims(@of@) then
  raise exception '@list@ has %; accepted: %, one for each of @of@',
    coalesce('the bounds ' || array_dims(@list@), 'no elements'), array_dims(@of@) using errcode = '22023';
end if;
