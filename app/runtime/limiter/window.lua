-- The window of app/domain/pace.py, kept in a hash: head, before, now and oldest, and one field a past second.
-- KEYS[1]  the allowance
-- ARGV     the limit; 1 to spend a call, 0 to look; seconds by which the callers' clock is ahead of this server's
-- returns  whether there was room, how many calls count now, whole seconds until more are free
-- This server's clock is the only one: hosts whose clocks differ would stretch or shrink the window.
local WINDOW, KEPT = 60, 150
local limit, spending = tonumber(ARGV[1]), ARGV[2] == '1'
local second = tonumber(redis.call('TIME')[1]) + tonumber(ARGV[3])
local key = KEYS[1]
local found = redis.call('HMGET', key, 'head', 'before', 'now', 'oldest')
local head, before = tonumber(found[1]) or 0, tonumber(found[2]) or 0
local now, oldest = tonumber(found[3]) or 0, tonumber(found[4]) or second

local function past()
  local seconds, all = {}, redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local at = tonumber(all[i])
    if at then seconds[#seconds + 1] = {at, tonumber(all[i + 1])} end
  end
  table.sort(seconds, function(a, b) return a[1] < b[1] end)
  return seconds
end

if second < head and head - second <= WINDOW then
  second = head
elseif second < head then -- put back far: what counts is carried to the new second
  redis.call('DEL', key)
  before, now, oldest = 0, before + now, second
elseif second > head and head > 0 then
  if now > 0 then redis.call('HSET', key, head, now) end
  before, now, oldest = 0, 0, second
  for _, bucket in ipairs(past()) do
    if bucket[1] < second - WINDOW then
      redis.call('HDEL', key, bucket[1])
    else
      before, oldest = before + bucket[2], math.min(oldest, bucket[1])
    end
  end
end
local moved = second ~= head

local used = before + now
local admitted = used < limit
if spending and admitted then now, used = now + 1, used + 1 end
if moved and (spending or head > 0) then
  redis.call('HSET', key, 'head', second, 'before', before, 'now', now, 'oldest', oldest)
  redis.call('EXPIRE', key, KEPT)
elseif spending and admitted then
  redis.call('HSET', key, 'now', now)
end
if admitted then return {1, used, oldest + WINDOW + 1 - second} end

local surplus = used - limit + 1
for _, bucket in ipairs(past()) do
  surplus = surplus - bucket[2]
  if surplus <= 0 then return {0, used, bucket[1] + WINDOW + 1 - second} end
end
return {0, used, WINDOW + 1}
