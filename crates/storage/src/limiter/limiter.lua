-- domain::limit::Bucket::spend, word by word. All are whole microseconds, which a double holds exactly up to 2^53: moments
-- until the year 2255, prices of up to some 200 years.
--
-- KEYS[1]: the bucket, as the moment when it is full. ARGV: every, burst, cost.
-- Answers: allowed, remaining, retry after, reset, now.
local every, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local price, most = every * cost, every * burst
local full_at = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now)
local needed = math.max(price, every)
local over = full_at + needed - now - math.max(most, needed)
local allowed = over <= 0
if allowed and cost > 0 then
    full_at = full_at + price
    -- Redis forgets in whole milliseconds; one more, so that no bucket is forgotten before it is full.
    local keep = math.ceil((full_at - now) / 1000) + 1
    redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', string.format('%.0f', keep))
end
local debt = full_at - now
local remaining = math.floor(math.max(most - debt, 0) / every)
return { allowed and 1 or 0, remaining, math.max(over, 0), debt, now }
