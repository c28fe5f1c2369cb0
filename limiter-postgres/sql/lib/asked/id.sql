if (id collate "C" ~ '^[A-Za-z0-9_-]{1,64}$') is not true then
  raise exception 'id is %; accepted: 1 to 64 of A-Z a-z 0-9 _ -', quote_nullable(left(id, 65)) using errcode = '22023';
end if;
