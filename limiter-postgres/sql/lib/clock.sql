-- clock: the time in ms; at_ms where tests hand it in. To be read once all rows are locked.
clock := coalesce(at_ms, floor(extract(epoch from clock_timestamp()) * 1000)::bigint);
