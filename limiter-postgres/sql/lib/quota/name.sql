-- The counter's row of a key: quota_key(…), an expression.
@key@ || substr(int2send(@period@::smallint), 2) || int2send(@zone@::smallint)
