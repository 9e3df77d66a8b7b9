"""A server of files on this machine that breaks off, lies and refuses as it is told, and a data set at it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from oe_core.data.catalog import dataset
from oe_core.data.fetch import download

CONTENT = bytes(range(256)) * 40  # 10,240 bytes


class FileServer(ThreadingHTTPServer):
    """Serves `content` under every path; the attributes say how badly."""

    daemon_threads = True
    content = CONTENT
    ranges = True  # answers Range
    cuts: list[int]  # after how many bytes the next answers break off
    says_length = True
    shift = 0  # answers a Range from another byte than asked for
    missing = ()  # paths that are not there
    length = ""  # what it says instead of its length
    reason = "gone"  # why a missing path is missing

    def handle_error(self, request, client_address): ...  # a client that hangs up is part of the tests


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_): ...

    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers.get("Range"), self.headers["User-Agent"]))
        if self.path in server.missing:
            return self.send_error(404, server.reason)
        start, body = 0, server.content
        if server.ranges and self.headers.get("Range"):
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")) + server.shift
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                return self.end_headers()
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        if server.says_length:
            self.send_header("Content-Length", server.length or str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start:][: server.cuts.pop(0) if server.cuts else None])


@contextmanager
def serving() -> Iterator[FileServer]:
    """A server in a thread of its own; `asked` holds (path, range, agent) of each request."""
    with FileServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.cuts = [], []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(key, name):
    return download.fetch(dataset(key), dataset(key).file(name))


def downloaded(key):
    return download.downloaded(dataset(key), [file.name for file in dataset(key).files])


def asked_ranges(server):
    return [asked for _, asked, _ in server.asked]
