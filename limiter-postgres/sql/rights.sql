-- Tables refuse everybody but their owner, as whom the functions run; nobody may call these without having been granted
-- it.
alter table @schema@.rate enable row level security;
alter table @schema@.rate_log enable row level security;
alter table @schema@.slot enable row level security;
alter table @schema@.lease enable row level security;
alter table @schema@.quota enable row level security;
alter table @schema@.held enable row level security;
alter table @schema@.settled enable row level security;
revoke all on all tables in schema @schema@ from public;
revoke all on all functions in schema @schema@ from public;
