-- KEYS[1]: a hash of level and time. ARGV: tokens per window, window in microseconds, size of the bucket, cost.
-- The level is in units of a token divided by the window's microseconds: whole numbers throughout.
local limit, token, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = time()
local capacity = token * burst
local state = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(state[1] or capacity), tonumber(state[2] or now)
-- More time than it takes to fill the bucket would only make the product inexact.
local elapsed = math.min(math.max(now - at, 0), math.ceil(capacity / limit))
level = math.min(level + elapsed * limit, capacity)
local price = token * cost
local admitted = price <= level
local function after(wanted)
  return math.max(math.ceil((wanted - level) / limit), 0)
end
local retry = admitted and 0 or after(price)
if admitted then
  level = level - price
end
-- Also when it is refused, and the time kept is from before the clock was set back: nothing would flow in.
if admitted or at > now then
  redis.call('HSET', KEYS[1], 'level', string.format('%.0f', level), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.max(math.ceil(after(capacity) / 1000), 1))
end
local remaining = math.floor(level / token)
return {admitted and 1 or 0, remaining, after(math.min((remaining + 1) * token, capacity)), retry}
