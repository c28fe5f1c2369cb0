-- Locks the rows of @keys@ (bytea[]) in @table@ one by one in the order of the keys, and makes those that are missing, where
-- some are: a statement that locks all that are there may have a later one before an earlier one is made.
if exists (
  select from unnest(@keys@) k where not exists (select from @schema@.@table@ t where t.key = k)
) then
  declare
    next_key bytea;
  begin
    for next_key in select k from unnest(@keys@) k order by k loop
      loop
        perform 1 from @schema@.@table@ t where t.key = next_key for no key update;
        exit when found;
        insert into @schema@.@table@ (key) values (next_key) on conflict do nothing;
        exit when found;
      end loop;
    end loop;
  end;
end if;
