"""The standard library's server, as it stands in many small tools: one thread, or one per connection."""

import argparse
import time
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("--threads", action="store_true")
arguments.add_argument("--keep-alive", action="store_true")
arguments.add_argument("--backlog", type=int, default=5)
arguments.add_argument(
    "--verify", type=float, default=0, help="seconds to look a client up before it is served"
)
arguments.add_argument("--pause", type=float, default=0.5)
options = arguments.parse_args()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1" if options.keep_alive else "HTTP/1.0"

    def do_GET(self):
        if self.path == "/favicon.ico":
            self.send_error(404)
            return
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(options.pause)
        body = b"<h1>Status</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer if options.threads else HTTPServer):
    request_queue_size = options.backlog
    daemon_threads = True

    def verify_request(self, request, client_address):
        time.sleep(options.verify)
        return True


Server(("127.0.0.1", options.port), Handler).serve_forever()
