-- SPDX-License-Identifier: MIT
-- Events handed in over HTTP, each answered when it is stored. For wrk, on an empty workspace:
--
--   eventops serve --workspace DIR --port 18088 --insecure-loopback &
--   wrk -t2 -c256 -d10s -s tests/bench/post_events.lua http://localhost:18088
--   wrk -t2 -c256 -d10s http://localhost:18088/healthz            the server alone, for the ratio
--
-- Every event has a key of its own, so each good answer is one more stored event.
local threads = 0
local count = 0

function setup(thread)
  threads = threads + 1
  thread:set("id", threads)
end

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
  count = count + 1
  return wrk.format(nil, "/v1/events", nil, string.format(
    '{"ts":"2026-01-05T10:00:00Z","event_type":"deploy.finished","entity_id":"service:api%d",' ..
    '"correlation_id":"c1","tags":{"env":"prod"},"attrs":{"n":%d},"idempotency_key":"k-%d-%d"}',
    count % 100, count, id, count))
end

function done(summary)
  if summary.errors.status > 0 then
    print(summary.errors.status .. " answers were errors")
  end
end
