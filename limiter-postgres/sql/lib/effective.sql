if written <= clock then
  now_ms := clock;
elsif written - clock > 60000 then
  -- Written by a clock that was wrong: as if never used.
  now_ms := clock; a := 0; b := 0; written := -1;
else
  now_ms := written;
end if;
