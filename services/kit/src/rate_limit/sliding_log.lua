-- KEYS[1]: a sorted set with one member for each request that was admitted, by time. ARGV: limit, window in
-- microseconds, cost.
local limit, window, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = time()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
-- What is from before the clock was set back would stay until its time comes again.
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf')) do
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), member)
end
local count = redis.call('ZCARD', KEYS[1])
-- Time until the request at this place in the log leaves the window.
local function until_gone(place)
  local oldest = redis.call('ZRANGE', KEYS[1], place, place, 'WITHSCORES')
  return oldest[2] and math.max(tonumber(oldest[2]) + window - now, 0) or 0
end
if count + cost > limit then
  local excess = math.min(count + cost - limit, limit)
  return {0, math.max(limit - count, 0), until_gone(0), cost > limit and window or until_gone(excess - 1)}
end
if cost > 0 then
  local score = string.format('%.0f', now)
  local same = redis.call('ZCOUNT', KEYS[1], score, score)
  for i = 1, cost do
    redis.call('ZADD', KEYS[1], score, score .. '-' .. (same + i))
  end
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
end
return {1, limit - count - cost, until_gone(0), 0}
