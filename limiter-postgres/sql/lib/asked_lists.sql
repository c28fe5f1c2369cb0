-- Stops lists that aren't of one length, from 1 on.
if (cardinality(keys) between 1 and 64 and array_dims(keys) = format('[1:%s]', cardinality(keys))) is not true then
  raise exception 'keys has %; accepted: 1 to 64 elements',
    coalesce('the bounds ' || array_dims(keys), 'no elements') using errcode = '22023';
end if;
if (
  array_dims(algorithms) = array_dims(keys) and array_dims(maxes) = array_dims(keys)
  and array_dims(windows_ms) = array_dims(keys) and (bursts is null or array_dims(bursts) = array_dims(keys))
  and (costs is null or array_dims(costs) = array_dims(keys))
  and (count_denied is null or array_dims(count_denied) = array_dims(keys))
) is not true then
  select format('%s has %s; accepted: %s, one for each of keys', l.list, coalesce('the bounds ' || l.dims, 'no elements'),
      array_dims(keys))
    into wrong
    from (values
      (1, 'algorithms', array_dims(algorithms), true), (2, 'maxes', array_dims(maxes), true),
      (3, 'windows_ms', array_dims(windows_ms), true), (4, 'bursts', array_dims(bursts), bursts is not null),
      (5, 'costs', array_dims(costs), costs is not null),
      (6, 'count_denied', array_dims(count_denied), count_denied is not null)
    ) l (place, list, dims, given)
    where l.given and l.dims is distinct from array_dims(keys)
    order by l.place limit 1;
  raise exception '%', wrong using errcode = '22023';
end if;
