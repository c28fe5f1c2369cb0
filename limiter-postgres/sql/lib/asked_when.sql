-- Stops a time handed in that is none.
if at_ms not between 0 and 9007199254740991 then
  raise exception 'at_ms is %; accepted: null for now, or ms since 1970, 0 to 9007199254740991 (2^53 - 1)', at_ms
    using errcode = '22023';
end if;
