-- Reads and updates of phones whose ids end in consecutive numbers, which pgbench can make as well.
local scenario, token, people, items = os.getenv("SCENARIO"), os.getenv("TOKEN"), os.getenv("PEOPLE"), os.getenv("ITEMS")
local first, run, fields = tonumber(os.getenv("FIRST")), os.getenv("RUN"), nil
math.randomseed(tonumber(run))

init = function()
  fields = "Host: " .. wrk.headers["Host"] .. "\r\nAuthorization: Bearer " .. token .. "\r\n"
end

request = function()
  local number = math.random(0, people * items - 1)
  local path = string.format(
    "/beta/users/00000000-0000-4000-8000-%d/profile/phones/00000000-0000-4000-8000-%d",
    first + math.floor(number / items), first + number)
  if scenario == "get" then return "GET " .. path .. " HTTP/1.1\r\n" .. fields .. "\r\n" end
  -- As long each time, as pgbench writes it, so that no size is checked again.
  local body = '{"number":"' .. math.random(100000000, 999999999) .. '"}'
  return "PATCH " .. path .. " HTTP/1.1\r\n" .. fields
    .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("%d %.6f %d %d %d\n", summary.requests, summary.duration / 1e6, failed,
    latency:percentile(50), latency:percentile(99)))
end
