-- The schema, which may have been made for its owner before.
do $$
begin
  if to_regnamespace('@schema@') is null then
    create schema @schema@;
  end if;
end
$$;
