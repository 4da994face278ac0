"""A small shop: reports that take their time, a checkout, previews that compute, a cart per visitor."""

import threading
import time
from collections import defaultdict

from flask import Flask, Response, jsonify, request

app = Flask(__name__)
carts = defaultdict(threading.Lock)
renderers = threading.BoundedSemaphore(3)
searches: list[float] = []
search_lock = threading.Lock()


@app.get("/")
def index():
    return "<h1>Shop</h1><p><a href=/reports/monthly>Report</a>"


@app.get("/reports/monthly")
def report():
    time.sleep(0.5)
    return "<h1>Report</h1>"


@app.get("/export")
def export():
    time.sleep(0.5)
    return "<h1>Export</h1>", {"Cache-Control": "no-store"}


@app.get("/catalog")
def catalog():
    time.sleep(0.5)
    return "<h1>Catalog</h1>", {"Cache-Control": "public, max-age=300"}


@app.get("/download")
def download():
    def lines():
        for number in range(20):
            time.sleep(0.05)
            yield f"<p>line {number}: {'.' * 400}\n"

    return Response(lines(), mimetype="text/html")


@app.post("/checkout")
def checkout():
    time.sleep(0.5)
    return "<h1>Thank you</h1>"


@app.route("/preview", methods=["GET", "POST"])
def preview():
    end = time.thread_time() + 0.25
    pixels = 0
    while time.thread_time() < end:
        pixels += sum(value * value % 7 for value in range(2000))
    return jsonify(pixels=pixels)


@app.route("/cart", methods=["GET", "POST"])
def cart():
    with carts[request.cookies.get("sid", object())]:  # one change of a cart at a time
        time.sleep(0.4)
    return "<h1>Cart</h1>"


@app.post("/search")
def search():
    with search_lock:
        now = time.monotonic()
        searches[:] = [at for at in searches if now - at < 2]
        if len(searches) >= 3:
            return "Too many searches", 429, {"Retry-After": "2"}
        searches.append(now)
    time.sleep(0.3)
    return "<h1>Results</h1>"


@app.post("/render")
def render():
    if not renderers.acquire(blocking=False):
        return "All renderers are busy", 503, {"Retry-After": "1"}
    try:
        time.sleep(0.5)
        return "<h1>Rendered</h1>"
    finally:
        renderers.release()
