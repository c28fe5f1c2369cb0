-- The most that keeps units times window exact. Only a denied hit that counts can pass it.
b := least(b + cost, 9007199254740991 / window_ms);
gone_ms := now_ms + m + window_ms;
