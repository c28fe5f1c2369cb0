if (octet_length(keys[i]) between 1 and 1133) is not true then
  raise exception 'keys[%] is %; accepted: what key() makes of a space and a subject', i,
    coalesce(octet_length(keys[i]) || ' bytes long', 'null') using errcode = '22023';
end if;
