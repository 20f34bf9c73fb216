-- What every script of a load for wrk has: the fields of a request, as the global `fields`, and one line of figures at
-- the end.
local token = os.getenv("TOKEN")

init = function()
  fields = "Host: " .. wrk.headers["Host"] .. "\r\nAuthorization: Bearer " .. token .. "\r\n"
end

done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("%d %.6f %d %d %d\n", summary.requests, summary.duration / 1e6, failed,
    latency:percentile(50), latency:percentile(99)))
end
