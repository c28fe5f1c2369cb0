-- own_transaction: whether this statement is its transaction, in which nobody has written anything. Only then is it for
-- the call to say that the commit needn't wait. In the extended protocol statement and transaction begin at different
-- times, so sessions that make single calls alone say so. For `declare`, since a lock is written already.
own_transaction boolean := pg_current_xact_id_if_assigned() is null
  and (statement_timestamp() = transaction_timestamp() or current_setting('limiter.single_calls', true) is not distinct from 'on');
