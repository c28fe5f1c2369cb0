-- Only its length can be wrong: whatever the bytes, no two that differ share a counter.
if (octet_length(key) between 1 and 1133) is not true then
  raise exception 'key is %; accepted: what key() makes of a space and a subject',
    coalesce(octet_length(key) || ' bytes long', 'null') using errcode = '22023';
end if;
