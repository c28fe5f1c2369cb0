-- Makes the rows of @keys@ (bytea[]) in @table@ that are missing, for who may have locked others: each that somebody else is
-- just making is waited for for 5 ms and then left to them, and no more is made once eight are. Those that are there are
-- left alone, whoever has them.
-- Sets made bigint: how many rows it has made.
declare
  missing bytea[]; next_key bytea; patience text := current_setting('lock_timeout'); left_over bigint := 8;
begin
  made := 0;
  -- By the index, row by row.
  missing := array(
    select k from unnest(@keys@) k where (select t.key from @schema@.@table@ t where t.key = k) is null order by k);
  if cardinality(missing) > 0 then
    begin
      perform set_config('lock_timeout', '5', true);
      insert into @schema@.@table@ (key) select k from unnest(missing) k order by k on conflict do nothing;
      get diagnostics made = row_count;
      perform set_config('lock_timeout', patience, true);
    exception when lock_not_available then
      -- It isn't told which, and those before it aren't made either.
      if cardinality(missing) > 1 then
        foreach next_key in array missing loop
          begin
            perform set_config('lock_timeout', '5', true);
            insert into @schema@.@table@ (key) values (next_key) on conflict do nothing;
            made := made + found::int;
            perform set_config('lock_timeout', patience, true);
          exception when lock_not_available then
            left_over := left_over - 1;
            exit when left_over = 0;
          end;
        end loop;
      end if;
    end;
  end if;
end;
