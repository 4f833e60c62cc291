-- wrk's script: send the requests of a file one after the other, and print what came of it as JSON.

local requests, position, expected, wrong = {}, 0, 200, 0
local thread_of

function setup(thread)
   thread_of = thread
end

function init(args)
   expected = tonumber(args[2])
   local file = assert(io.open(args[1], "rb"))
   while true do
      local length = file:read("*n")
      if not length then break end
      file:read(1)
      requests[#requests + 1] = file:read(length)
   end
   file:close()
   used_up, wrongs = false, 0
end

function request()
   position = position + 1
   if position > #requests then
      used_up = true
      position = 1
   end
   return requests[position]
end

function response(status)
   if status ~= expected then wrongs = wrongs + 1 end
end

function done(summary, latency)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.timeout
   print(string.format(
      '{"rate": %f, "p50": %f, "p99": %f, "answers": %d, "wrong": %d, "sent": %f, "used_up": %s}',
      summary.requests / summary.duration * 1e6,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      summary.requests, thread_of:get("wrongs") + failed,
      summary.bytes / summary.duration * 1e6, tostring(thread_of:get("used_up"))))
end
