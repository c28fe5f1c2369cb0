-- What is counted. Times are milliseconds since the Unix epoch; `gone` is the time from which on a row means nothing any
-- more and may be swept. No index holds a column that changes with every hit, so that updates stay on their page (HOT).

-- One row a rate counter: see key.sql for the keys.
--   fixed window    b: units of the window of `written`
--   sliding window  a: units of the window before, b: units of the window of `written`
--   sliding log     a: units of all entries in rate_log, b: the time of the newest
--   token bucket    a: tokens at `written` in 1/window tokens, b: from then on it is full
create table @schema@.rate (
  key bytea primary key,
  a bigint not null default 0,
  b bigint not null default 0,
  written bigint not null default 0,
  gone bigint not null default 0
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- The entries of sliding logs.
create table @schema@.rate_log (
  key bytea not null,
  at bigint not null,
  cost bigint not null,
  primary key (key, at)
);

-- One row a key with leases: what is locked before they are read.
create table @schema@.slot (
  key bytea primary key
);

create table @schema@.lease (
  key bytea not null,
  id text collate "C" not null,
  permits bigint not null,
  expires bigint not null,
  gone bigint not null,
  primary key (key, id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- One row a quota counter, for a key, a period and an offset: the period that it counts ends at `end_ms`, `reserved` is
-- the sum of what stands in `held` under that period, and nothing there runs out before `next_end`.
create table @schema@.quota (
  key bytea primary key,
  end_ms bigint not null default 0,
  used bigint not null default 0,
  reserved bigint not null default 0,
  next_end bigint not null default 0,
  written bigint not null default 0,
  gone bigint not null default 0
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- What is set aside under reservations, by the key of a counter and the end of the period (8 bytes) in which it was: once
-- that is over, they mean nothing, and nothing has to be deleted at once. Who deletes others lowers `reserved`.
create table @schema@.held (
  key bytea not null,
  id text collate "C" not null,
  amount bigint not null,
  expires bigint not null,
  primary key (key, id)
) with (autovacuum_vacuum_scale_factor = 0.05);
create index held_by_expiry on @schema@.held (key, expires);

-- Ids that were settled, and until when that is remembered.
create table @schema@.settled (
  key bytea not null,
  id text collate "C" not null,
  until bigint not null,
  gone bigint not null,
  primary key (key, id)
) with (autovacuum_vacuum_scale_factor = 0.05);
