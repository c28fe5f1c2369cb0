retry_ms := greatest((cost * window_ms - a + max_units - 1) / max_units, 0);
