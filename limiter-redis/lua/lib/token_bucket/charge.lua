if cost > capacity or a < cost * window then a = 0 else a = a - cost * window end
