-- Leases are counted once their key is locked. That changes nothing in the key's row, so where a snapshot is older than the
-- lock, those that were made in between would be missed, and no error would say so.
if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
  raise exception 'the transaction is %; accepted: read committed', current_setting('transaction_isolation')
    using errcode = '25000';
end if;
