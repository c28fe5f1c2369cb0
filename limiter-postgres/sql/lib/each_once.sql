-- taken: the keys, those of several leases once, in the order in which they come first.
if cardinality(ids) = 1 then
  taken := keys;
else
  taken := array(select k.key from unnest(keys) with ordinality k (key, place) group by k.key order by min(k.place));
end if;
