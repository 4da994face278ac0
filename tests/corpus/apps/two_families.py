"""Answers on 127.0.0.1; on [::1], the same port, another program has hung and takes no connection."""

import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port = int(sys.argv[1])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(0.1)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Metrics</h1>")

    do_POST = do_GET

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


hung = socket.create_server(("::1", port), family=socket.AF_INET6, backlog=0)
full = [socket.socket(socket.AF_INET6) for _ in range(4)]  # its queue is full: a SYN gets no answer
for each in full:
    each.setblocking(False)
    each.connect_ex(("::1", port))
Server(("127.0.0.1", port), Handler).serve_forever()
