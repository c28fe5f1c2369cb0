-- Brings what was read of a counter to its effective time.
--   in    clock, written, end_was, used, reserved, expired: what of `reserved` has run out by then
--   out   counts: no wrong clock wrote it; now_ms; ends: the end of the period; current: what it counts belongs to that
counts := written - clock <= 60000;
now_ms := case when counts then greatest(clock, written) else clock end;
-- @include lib/quota/period_end.sql period=@period@ zone=@zone@
current := counts and end_was = ends;
if current then
  reserved := reserved - expired;
else
  used := 0; reserved := 0;
end if;
