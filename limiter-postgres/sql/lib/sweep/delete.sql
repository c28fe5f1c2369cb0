delete from @schema@.@table@ t where t.key = any (ended);
get diagnostics number = row_count;
removed := removed + number;
