-- Brings what was read of the counter `name` to its effective time.
--   in    clock, written, end_was, used, reserved, expired: what of `reserved` has run out by then
--   out   counts: no wrong clock wrote it; now_ms; ends: the end of the period; current: what it counts belongs to that;
--         period_key: under which the reservations of that period stand in held
counts := written - clock <= 60000;
now_ms := case when counts then greatest(clock, written) else clock end;
-- @include lib/quota/period_end.sql period=@period@ zone=@zone@
period_key := name || int8send(ends);
current := counts and end_was = ends;
if current then
  reserved := reserved - expired;
else
  used := 0; reserved := 0;
end if;
