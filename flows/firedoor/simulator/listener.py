"""HTTP for the simulated AWS: one thread a connection, on 127.0.0.1 only."""

from __future__ import annotations

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from firedoor.simulator.service import Service
from firedoor.simulator.wire import DropConnection, Reply


class Listener(ThreadingHTTPServer):
    """Listens on 127.0.0.1 only, on a free port."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, service: Service) -> None:
        self.service = service
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no error of the server."""

    def close_all(self) -> None:
        """Close the listening socket and every connection."""
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listener

    def _handle(self) -> None:
        body = self._body()
        try:
            reply = self.server.service.answer(self.command, self.path, self.headers.items(), body)
        except DropConnection:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _handle

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, reply: Reply) -> None:
        """In one piece: two small packets would wait for each other."""
        head = self.command == "HEAD"
        dropped = {"transfer-encoding", "connection", "date", "status"}
        headers = {name: v for name, v in reply.headers.items() if name.lower() not in dropped}
        if not head or not any(name.lower() == "content-length" for name in headers):
            headers = {n: v for n, v in headers.items() if n.lower() != "content-length"}
            headers["Content-Length"] = str(len(reply.body))
        lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        packet = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        with contextlib.suppress(OSError):
            self.wfile.write(packet if head else packet + reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Calls are in the trail; nothing is printed."""
