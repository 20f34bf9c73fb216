-- One scenario of the benchmark: ids are uniform over all items, and every update changes its value.
local scenario, token, paths = os.getenv("SCENARIO"), os.getenv("TOKEN"), {}
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
math.randomseed(os.time())
local counter = math.random(1, 1000000000)
local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }

request = function()
  if scenario == "fixed" then return wrk.format("GET", "/healthz") end
  local path = paths[math.random(#paths)]
  if scenario == "get" then return wrk.format("GET", path, headers) end
  local collection = path:match("^(.*)/[^/]*$")
  if scenario == "list" then return wrk.format("GET", collection, headers) end
  if scenario == "filter" then
    return wrk.format("GET", collection .. "?$filter=type%20eq%20'other'%20and%20startswith(number,'%2B7')", headers)
  end
  if scenario == "batch" then
    local parts = {}
    for part = 1, 20 do
      local url = paths[math.random(#paths)]:gsub("^/beta", "")
      parts[part] = string.format('{"id":"%d","method":"GET","url":"%s"}', part, url)
    end
    return wrk.format("POST", "/beta/$batch", headers, '{"requests":[' .. table.concat(parts, ",") .. "]}")
  end
  counter = counter + 1
  return wrk.format("PATCH", path, headers, '{"number":"' .. counter .. '"}')
end

done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("%d %.6f %d\n", summary.requests, summary.duration / 1e6, failed))
end
