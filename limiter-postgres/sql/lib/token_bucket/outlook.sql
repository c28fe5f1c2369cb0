reset_ms := (capacity * window_ms - a + max_units - 1) / max_units;
if not fits and cost <= capacity then
  retry_ms := greatest((cost * window_ms - a + max_units - 1) / max_units, 0);
end if;
