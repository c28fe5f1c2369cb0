if a > 0 then reset = window - now % window end
if not fits then retry = window - now % window end
