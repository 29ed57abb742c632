-- KEYS[1]: the theoretical arrival time. ARGV: ticks of one request, requests at once, cost.
-- A tick is an eighth of a microsecond: sums of ticks are exact in doubles until the year 2059, counted from 2023.
local interval, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = (time() - 1700000000000000) * 8
local capacity = interval * burst
local arrival = tonumber(redis.call('GET', KEYS[1]) or 0)
local before = math.min(math.max(arrival - now, 0), capacity)
local wanted = before + interval * cost
local admitted = wanted <= capacity
local used = admitted and wanted or before
-- Also when it is refused: an arrival from before the clock was set back would refuse until it is reached again.
if now + used ~= arrival and used > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', math.ceil(used / 8000))
end
local remaining = math.floor((capacity - used) / interval)
local reset = math.max(used - math.max(capacity - (remaining + 1) * interval, 0), 0)
local retry = admitted and 0 or wanted - capacity
return {admitted and 1 or 0, remaining, math.ceil(reset / 8), math.ceil(retry / 8)}
