-- Reads and updates of phones whose ids end in consecutive numbers, which pgbench can make as well.
dofile(os.getenv("COMMON"))
local scenario, people, items = os.getenv("SCENARIO"), os.getenv("PEOPLE"), os.getenv("ITEMS")
local first, run = tonumber(os.getenv("FIRST")), os.getenv("RUN")
math.randomseed(tonumber(run))

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
