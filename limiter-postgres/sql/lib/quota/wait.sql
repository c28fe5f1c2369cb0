-- The wait until used and reserved are @most@ together: until reservations that make room run out, or the period ends.
-- An expression.
coalesce((
  select least(ends, x.expires)
    from (
      select h.expires, sum(h.amount) over (order by h.expires rows unbounded preceding) as freed
        from @schema@.held h where h.key = name and h.expires > now_ms
    ) x
    where used <= @most@ and x.freed >= used + reserved - @most@
    order by x.expires limit 1
), ends) - now_ms
