-- `idle` is nil where the expiry that Redis has is late enough. A counter's state is of the same length each time, so
-- that writing over it leaves nothing of the old one; it takes two thirds of the time of SET with KEEPTTL.
if idle then
  call('SET', key, state, 'PX', idle - clock + grace)
else
  call('SETRANGE', key, '0', state)
end
