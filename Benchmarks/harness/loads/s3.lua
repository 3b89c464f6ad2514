-- Sends signed S3 requests, in turn where there are several, and prints wrk's counters as JSON for the harness.
-- Arguments after `--`: the method, a file with the body or "-", and a file with one request a line: its path, then
-- the names and values of its headers, all parted by tabs.

local requests = {}
local sent = 0

function init(words)
  local body = nil
  if words[2] ~= "-" then
    local file = assert(io.open(words[2], "rb"))
    body = file:read("*a")
    file:close()
  end
  for line in io.lines(words[3]) do
    local parts = {}
    for part in line:gmatch("[^\t]+") do
      parts[#parts + 1] = part
    end
    local headers = { Host = wrk.headers["Host"] }
    for at = 2, #parts, 2 do
      headers[parts[at]] = parts[at + 1]
    end
    requests[#requests + 1] = wrk.format(words[1], parts[1], headers, body)
  end
  function request()
    sent = sent + 1
    return requests[sent % #requests + 1]
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'counted {"requests": %d, "microseconds": %d, "p50": %f, "p99": %f, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
