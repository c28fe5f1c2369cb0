-- Locks the rows of @keys@ (bytea[]) in @table@ one by one in the order of the keys, and makes those that are missing: who
-- waits for one has none that comes later. A statement that locks all passes over one that is deleted while it waits, and
-- has those after it when that one is made again.
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
