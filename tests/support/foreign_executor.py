#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An executor that knows nothing of this project: reads a request from Kafka and reports on it, with kcat alone.

usage: foreign_executor.py BROKER
"""
import json, subprocess, sys
broker = sys.argv[1]
kcat = ["kcat", "-b", broker]
request = None
while request is None:
    read = subprocess.run(kcat + ["-C", "-t", "actions.requested", "-e", "-q"], capture_output=True, text=True)
    for line in read.stdout.splitlines():
        request = json.loads(line)
def say(topic, event_type, **attrs):
    attrs["action_id"] = request["attrs"]["action_id"]
    event = {"event_type": event_type, "ts": request["ts"], "entity_id": request["entity_id"],
             "idempotency_key": request["idempotency_key"], "tags": request["tags"], "attrs": attrs}
    subprocess.run(kcat + ["-P", "-t", topic, "-k", request["entity_id"]], input=json.dumps(event) + "\n", text=True,
                   check=True)
say("actions.progress", "action.progress", state="accepted")
say("actions.progress", "action.progress", percent=50)
say("actions.progress", "action.progress", percent=50)
say("actions.result", "action.result", state="succeeded", duration_ms=12, output="did " + request["attrs"]["command"])
say("actions.result", "action.failed", error="said too late")
say("actions.progress", "action.started")
