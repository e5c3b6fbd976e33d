#!/usr/bin/env python3
"""Takes texts from Postern (sms.provider = "webhook"), checks who sends them, and hands them to a carrier.

    BRIDGE_SECRET=whsec_… CARRIER_URL=https://carrier.example.com/texts python3 bridge.py 4020

It needs nothing but Python. Change `hand_over` to what your carrier wants.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["BRIDGE_SECRET"].removeprefix("whsec_"))
CARRIER = os.environ["CARRIER_URL"]
taken = set()  # In earnest: a table, kept for a day.


def is_from_postern(headers, body):
    """Standard Webhooks: HMAC-SHA256 over id, time and body, within five minutes."""
    identifier, seconds = headers["webhook-id"], headers["webhook-timestamp"]
    if not identifier or not seconds or abs(time.time() - int(seconds)) > 300:
        return False
    signed = f"{identifier}.{seconds}.".encode() + body
    right = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    given = (headers["webhook-signature"] or "").split()
    return any(hmac.compare_digest(one, f"v1,{right}") for one in given)


def hand_over(data):
    """Answers the status and the body for Postern."""
    body = json.dumps({"to": data["to"], "text": data["text"]}).encode()
    request = urllib.request.Request(CARRIER, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=8) as answer:
            return 202, {"message_id": answer.headers["x-message-id"] or ""}
    except urllib.error.HTTPError as refused:
        return (422, {"reason": "bad_recipient"}) if refused.code == 400 else (502, {})


class Bridge(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        if not is_from_postern(self.headers, body):
            return self.say(401, {})
        data = json.loads(body)["data"]
        if data["id"] in taken:
            return self.say(409, {})
        status, reply = hand_over(data)
        if status == 202:
            taken.add(data["id"])
        self.say(status, reply)

    def say(self, status, reply):
        body = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """A line of the log would hold nothing useful, and must never hold a text."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Bridge)
    print(server.server_port, flush=True)
    server.serve_forever()
