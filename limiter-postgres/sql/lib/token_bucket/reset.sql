reset_ms := (capacity * window_ms - a + max_units - 1) / max_units;
