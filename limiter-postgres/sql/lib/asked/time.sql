if at_ms not between 0 and 9007199254740991 then
  raise exception 'at_ms is %; accepted: null for now, or ms since 1970, 0 to 9007199254740991', at_ms using errcode = '22023';
end if;
