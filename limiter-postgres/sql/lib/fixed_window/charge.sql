b := least(b + cost, 9007199254740991);
gone_ms := now_ms + m;
