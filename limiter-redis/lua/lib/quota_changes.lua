-- What changes a quota counter: `roll` first, `keep` at the end.

-- Drops what belongs to another period, has expired or was written by a wrong clock.
local function roll(counter)
  if counter.counts then
    call('ZREMRANGEBYSCORE', counter.settled, '-inf', counter.now)
  else
    call('DEL', counter.settled)
  end
  if counter.current then
    drop(counter.held, counter.base, counter.expired)
  else
    call('DEL', counter.base, counter.held)
  end
end

-- Lets a counter's keys go when the last of what they tell has lost its meaning: what is used with the period, what is
-- held with the period or its own end, what is settled with its memory. The hash goes first: without it the others
-- count as nothing.
local function expire(counter)
  local life = last_end(counter.settled) or 0
  local held = counter.used > 0 and counter.ends or last_end(counter.held)
  if held then life = math.max(life, math.min(held, counter.ends)) end
  for _, key in ipairs({ counter.base, counter.held, counter.settled }) do
    call('PEXPIRE', key, life - clock + grace)
  end
end

-- Writes the counter.
local function keep(counter)
  call('HSET', counter.base, '#w', counter.now, '#e', counter.ends, '#u', counter.used, '#r', counter.reserved)
  expire(counter)
end

-- Adds units to what is used.
local function use(counter)
  counter.used = later(counter.used, counter.amount)
end
