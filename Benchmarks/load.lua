-- One scenario of the benchmark, for wrk. Ids follow from numbers, as in bench/people.py: they are uniform over all
-- items of any number of people, without a list of them. Every update changes its value.
dofile(os.getenv("COMMON"))
local bit = require("bit")
local scenario = os.getenv("SCENARIO")
local people, items = tonumber(os.getenv("PEOPLE")), tonumber(os.getenv("ITEMS"))
local posted_to, run = tonumber(os.getenv("POSTED_TO")), os.getenv("RUN")
local collections, counter = {}, 0
for name in os.getenv("COLLECTIONS"):gmatch("[^,]+") do collections[#collections + 1] = name end
math.randomseed(tonumber(run))

local function identifier(kind, number)
  local mixed = bit.tobit(number + 1)
  for _ = 1, 3 do
    mixed = bit.bxor(mixed, bit.lshift(mixed, 13))
    mixed = bit.bxor(mixed, bit.rshift(mixed, 17))
    mixed = bit.bxor(mixed, bit.lshift(mixed, 5))
  end
  return bit.tohex(mixed) .. string.format("-%04x-4000-8000-%012x", kind, number)
end

local function collection(person, slot)
  return "/users/" .. identifier(1, person) .. "/profile/" .. collections[slot % #collections + 1]
end

-- `beyond` leads to items that nobody has.
local function item(person, slot, beyond)
  return collection(person, slot) .. "/" .. identifier(2, person * items + slot + (beyond or 0))
end

local function any(count) return math.random(0, count - 1) end

-- Written here as a whole: wrk.format takes so long that the load would slow down what it measures.
local function get(path)
  return "GET /beta" .. path .. " HTTP/1.1\r\n" .. fields .. "\r\n"
end

local function send(method, path, body)
  return method .. " /beta" .. path .. " HTTP/1.1\r\n" .. fields
    .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

local scenarios = {
  get = function() return get(item(any(people), any(items))) end,
  list = function() return get(collection(any(people), any(items))) end,
  filter = function()
    return get(collection(any(people), any(items))
      .. "?$select=displayName,number&$filter=type%20eq%20'mobile'%20and%20startswith(number,'%2B')")
  end,
  patch = function()
    counter = counter + 1
    local slot = any(items)
    local property = collections[slot % #collections + 1] == "phones" and "number" or "displayName"
    return send("PATCH", item(any(people), slot), '{"' .. property .. '":"+7 ' .. run .. " " .. counter .. '"}')
  end,
  -- To people who have no items at first, so that the lists that are read stay as long as they are.
  post = function()
    counter = counter + 1
    return send("POST", collection(people + any(posted_to), 0),
      '{"displayName":"Car Phone","type":"other","number":"+7 ' .. run .. " " .. counter .. '"}')
  end,
  batch = function()
    local parts = {}
    for part = 1, 20 do
      parts[part] = '{"id":"' .. part .. '","method":"GET","url":"' .. item(any(people), any(items)) .. '"}'
    end
    return send("POST", "/$batch", '{"requests":[' .. table.concat(parts, ",") .. "]}")
  end,
  -- Every other item is for its owner alone, and the caller is the first person.
  hidden = function() return get(item(1 + any(people - 1), 1 + 2 * any(items / 2))) end,
  missing = function() return get(item(1 + any(people - 1), 1 + 2 * any(items / 2), people * items)) end,
}

request = scenarios[scenario]
