-- Whether the reservation h of the counter q means nothing any more. One of a time handed in never does.
(q.key is null or q.gone < 9223372036854775807
  and (least(h.expires, q.end_ms) < clock - 60000 or h.key <> q.key || int8send(q.end_ms)))
