#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A workflow that knows nothing of this project: takes webhooks by the Standard Webhooks specification, and reports on
the actions that it is asked for. Prints its port, then a JSON object for every message and for every answer.

usage: foreign_webhook.py SECRET_FILE
"""
import base64, hashlib, hmac, http.server, json, sys, threading, time, urllib.error, urllib.request

with open(sys.argv[1]) as file:
    key = base64.b64decode(file.read().split()[0].removeprefix("whsec_"))


def signature(message_id, timestamp, body):
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def say(**what):
    print(json.dumps(what), flush=True)


def report(url, message_id, document, secret_is_right=True):
    body = json.dumps(document).encode()
    timestamp = str(int(time.time()))
    signed = signature(message_id, timestamp, body if secret_is_right else body + b" ")
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "webhook-id": message_id,
                                                 "webhook-timestamp": timestamp, "webhook-signature": signed})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            say(report=message_id, status=answer.status, taken=json.load(answer)["taken"])
    except urllib.error.HTTPError as error:
        say(report=message_id, status=error.code, taken="")


def work(event):
    url, action = event["callbackurl"], event["data"]["attrs"]["action_id"]

    def document(event_type, **attrs):
        return {"event_type": event_type, "action_id": action, "attrs": attrs}
    done = document("action.result", state="succeeded", duration_ms=12, output="did " + event["data"]["attrs"]["command"])
    report(url, "forged", done, secret_is_right=False)
    report(url, "begun", document("action.progress", percent=50))
    report(url, "done", done)
    report(url, "done", done)
    report(url, "late", document("action.failed", error="said too late"))
    say(finished=action)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message_id, timestamp = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        good = signature(message_id, timestamp, body) in self.headers["webhook-signature"].split(" ")
        good = good and abs(time.time() - int(timestamp)) < 300
        event = json.loads(body)
        say(message=message_id, good=good, type=event["type"], data=event["data"])
        self.send_response(204 if good else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if good and event["type"] == "action.requested":
            threading.Thread(target=work, args=(event,)).start()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_address[1], flush=True)
server.serve_forever()
