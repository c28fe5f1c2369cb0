-- own_transaction: whether this statement began its transaction, in which nobody has written anything. Only then is it for
-- the call to say that the commit needn't wait. For `declare`, since a lock is written already.
own_transaction boolean :=
  statement_timestamp() = transaction_timestamp() and pg_current_xact_id_if_assigned() is null;
