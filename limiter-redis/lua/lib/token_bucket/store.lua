local missing = (capacity * window - a) / max
-- The ceiling first: a sum near 2^53 has no room for a fraction.
local full_at = now + (missing + -missing % 1)
if full_at > 9007199254740991 then full_at = 9007199254740991 end
keep = full_at <= b
if not keep then
  -- As long again, so that most calls need not move it.
  local whole = capacity * window / max
  b = full_at + (whole + -whole % 1)
  if b > 9007199254740991 then b = 9007199254740991 end
end
state, idle = pack('<dddd', now, a, full_at, b), b
