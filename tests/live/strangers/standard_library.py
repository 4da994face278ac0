"""http.server as people start it: `standard_library.py PORT single|threaded`; a backlog of 5."""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        time.sleep(float(parse_qs(urlsplit(self.path).query).get("s", ["0.3"])[0]))
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, format: str, *args: object) -> None:
        pass


kind = HTTPServer if sys.argv[2] == "single" else ThreadingHTTPServer
kind(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
