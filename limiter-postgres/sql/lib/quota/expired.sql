-- What of the sum `reserved` has run out by the effective time: expired.
expired := 0;
if next_end <= greatest(clock, written) then
  select coalesce(sum(h.amount), 0) into expired
    from @schema@.held h where h.key = name || int8send(end_was) and h.expires <= greatest(clock, written);
end if;
