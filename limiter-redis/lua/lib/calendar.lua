-- Calendar periods at a fixed offset from UTC. Times are counted in minutes as far as possible: a time near 2^53 ms has
-- no room for an offset.

-- Year and month of a day counted from 1970-01-01. Years run from March, so that the leap day is a year's last.
-- Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
local function year_and_month(day)
  local shifted = day + 719468
  local of_era = shifted % 146097
  local leaps = math.floor(of_era / 1460) - math.floor(of_era / 36524) + math.floor(of_era / 146096)
  local year = math.floor((of_era - leaps) / 365)
  local of_year = of_era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local from_march = math.floor((5 * of_year + 2) / 153)
  year = year + 400 * math.floor(shifted / 146097)
  if from_march < 10 then return year, from_march + 3 end
  return year + 1, from_march - 9
end

-- The first day of a month, counted from 1970-01-01. Source: the same, days_from_civil.
local function first_day_of(year, month)
  if month <= 2 then year = year - 1 end
  local of_era = year % 400
  local from_march = (month + 9) % 12
  local day = 365 * of_era + math.floor(of_era / 4) - math.floor(of_era / 100) + math.floor((153 * from_march + 2) / 5)
  return 146097 * math.floor(year / 400) + day - 719468
end

-- The first day after the week (3), month (4) or year (5) of a day, the epoch having been a Thursday.
local function day_after(period, day)
  if period == 3 then return day - (day + 3) % 7 + 7 end
  local year, month = year_and_month(day)
  if period == 5 or month == 12 then return first_day_of(year + 1, 1) end
  return first_day_of(year, month + 1)
end

-- When the period that holds a time ends: 1 hour, 2 day, 3 week, 4 month, 5 year. The end also tells one period from
-- another.
local function period_end(period, offset, now)
  local minute, ends = (now - now % 60000) / 60000 + offset
  if period == 1 then
    ends = minute - minute % 60 + 60
  elseif period == 2 then
    ends = minute - minute % 1440 + 1440
  else
    ends = 1440 * day_after(period, math.floor(minute / 1440))
  end
  return (ends - offset) * 60000
end
