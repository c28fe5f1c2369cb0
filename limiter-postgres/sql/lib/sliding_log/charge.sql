-- The entries are written once it is known that the whole call fits.
a := a + cost;
b := now_ms;
gone_ms := now_ms + window_ms;
