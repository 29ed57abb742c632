-- The time of Redis decides, not those of the replicas: microseconds since the Unix epoch. A script sees one time
-- from its beginning to its end.
local function time()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000000 + tonumber(now[2])
end
