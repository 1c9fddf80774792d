"""A stand-in for Slack over real HTTP and a real WebSocket, as strict as Slack about what it takes.

It checks tokens, names, blocks and sizes; it can limit rates, fail before or after the work is
done, lose its replies, and send requests to an app as Slack does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
import struct
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

BOT, APP, SECRET = "xoxb-fake-bot", "xapp-fake-app", "8f742231b10e8888abcd99yyyzzz85a5"
ME = "U0FIREDOOR"
_NAME = re.compile(r"[a-z0-9_-]{1,80}")
_LIVE = re.compile(
    r"<(?:!(?!date\^\d+\^)|@|#|https?:|mailto:)|(?<![\w\u2060])@(?:channel|here|everyone)\b"
)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Wrong(Exception):
    """What Slack answers with `ok: false`."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.told = {"ok": False, "error": code, **more}


@dataclass
class Fault:
    """What goes wrong with the next call of a method ("" = any)."""

    method: str
    status: int = 200
    code: str = ""
    after: bool = False  # the work is done, only the reply is lost or wrong
    cut: bool = False  # the connection ends without a reply
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Channel:
    """A channel; `messages` in order of their ts, edits in place."""

    id: str
    name: str
    private: bool
    messages: list[dict[str, Any]] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    bookmarks: list[dict[str, Any]] = field(default_factory=list)
    topic: str = ""
    archived: bool = False

    def top(self) -> list[dict[str, Any]]:
        """The messages that are not in a thread."""
        return [each for each in self.messages if not each.get("thread_ts")]


class FakeSlack:
    """One workspace. `calls`: every request, `refused`: every one that was answered with an error
    of the caller's own making."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.whispers: list[tuple[str, str]] = []
        self.views: list[dict[str, Any]] = []
        self.acks: dict[str, float] = {}
        self.sockets: list[Any] = []
        self.down = False
        self.scopes = ""
        self._ids = itertools.count(1)
        self._lock = threading.RLock()
        self._triggers: dict[str, float] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                fake._post(self)

            def do_GET(self) -> None:
                fake._socket(self)

            def log_message(self, *_: Any) -> None:
                """Quietly."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]
        self.base_url = f"http://127.0.0.1:{self.port}/api/"

    def close(self) -> None:
        """End."""
        for each in self.sockets:
            each.close()
        self.server.shutdown()
        self.server.server_close()

    # What an app is told by Slack.

    def trigger(self) -> str:
        """A trigger id: good for three seconds, once."""
        made = f"trigger.{next(self._ids)}"
        self._triggers[made] = time.monotonic()
        return made

    def url(self, user: str) -> str:
        """A response_url whose answers only that user reads."""
        return f"http://127.0.0.1:{self.port}/response/{user}"

    def click(self, channel: Channel, message: dict[str, Any], action: str, user: str) -> dict:
        """The payload of a press on a button of a message."""
        [button] = [
            each
            for block in message["blocks"]
            if block["type"] == "actions"
            for each in block["elements"]
            if each["action_id"] == action
        ]
        return {
            "type": "block_actions",
            "user": {"id": user, "team_id": "T1"},
            "team": {"id": "T1"},
            "trigger_id": self.trigger(),
            "response_url": self.url(user),
            "container": {"message_ts": message["ts"], "channel_id": channel.id},
            "channel": {"id": channel.id},
            "actions": [{"action_id": action, "value": button["value"], "type": "button"}],
        }

    def submit(self, view: dict[str, Any], block: str, text: str, user: str) -> dict[str, Any]:
        """The payload of a window that somebody sends."""
        state = {"values": {block: {block: {"type": "plain_text_input", "value": text}}}}
        return {
            "type": "view_submission",
            "user": {"id": user},
            "trigger_id": self.trigger(),
            "view": {**view, "state": state},
        }

    def command(self, text: str, user: str, channel: str = "C0OTHER") -> dict[str, Any]:
        """`/firedoor text`, as somebody types it."""
        return {
            "command": "/firedoor",
            "text": text,
            "user_id": user,
            "channel_id": channel,
            "trigger_id": self.trigger(),
            "response_url": self.url(user),
        }

    def push(self, sort: str, payload: dict[str, Any], *, envelope: str = "") -> str:
        """Send through the socket that is open; the envelope's id."""
        id_ = envelope or f"envelope-{next(self._ids)}"
        told = {
            "type": sort,
            "envelope_id": id_,
            "payload": payload,
            "accepts_response_payload": True,
        }
        self.sockets[-1].sendall(_frame(json.dumps(told).encode()))
        return id_

    # The Web API.

    def _post(self, there: BaseHTTPRequestHandler) -> None:
        raw = there.rfile.read(int(there.headers.get("content-length") or 0))
        if there.path.startswith("/response/"):
            told = json.loads(raw)
            with self._lock:
                self.whispers.append((there.path.rsplit("/", 1)[1], told["text"]))
            _answer(there, 200, b"ok", {})
            return
        method = there.path.removeprefix("/api/")
        given = _given(there.headers.get("content-type") or "", raw)
        token = (there.headers.get("authorization") or "").removeprefix("Bearer ")
        with self._lock:
            self.calls.append((method, given))
            fault = self._fault(method)
            if self.down or (fault and fault.cut and not fault.after):
                there.close_connection = True
                return
            if fault and not fault.after:
                body = {"ok": False, "error": fault.code, **fault.more}
                raw = json.dumps(body).encode() if fault.code else b"<html>bad gateway</html>"
                _answer(there, fault.status, raw, fault.headers)
                return
            try:
                wanted = APP if method == "apps.connections.open" else BOT
                if token != wanted:
                    raise Wrong("invalid_auth")
                work: Callable[..., dict[str, Any]] = getattr(self, "_" + method.replace(".", "_"))
                told = {"ok": True, **work(**given)}
            except Wrong as error:
                told = error.told
                self.refused.append((method, told["error"]))
        if fault and fault.cut:
            there.close_connection = True
            return
        if fault:
            _answer(there, fault.status, b"<html>bad gateway</html>", fault.headers)
            return
        scopes = {"x-oauth-scopes": self.scopes} if self.scopes else {}
        _answer(there, 200, json.dumps(told).encode(), scopes)

    def _fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method in ("", method):
                self.faults.remove(fault)
                return fault
        return None

    def _auth_test(self, **_: Any) -> dict[str, Any]:
        return {"user_id": ME, "team_id": "T1"}

    def _apps_connections_open(self, **_: Any) -> dict[str, Any]:
        return {"url": f"ws://127.0.0.1:{self.port}/link/?ticket={next(self._ids)}"}

    def _conversations_create(self, name: str, is_private: Any = False, **_: Any) -> dict:
        if not _NAME.fullmatch(name):
            raise Wrong("invalid_name_specials")
        if any(each.name == name for each in self.channels.values()):
            raise Wrong("name_taken")
        made = Channel(f"C{next(self._ids):08d}", name, str(is_private) in ("1", "True"))
        self.channels[made.id] = made
        return {"channel": {"id": made.id, "name": name}}

    def _users_conversations(self, **_: Any) -> dict[str, Any]:
        known = [{"id": c.id, "name": c.name, "creator": ME} for c in self.channels.values()]
        return {"channels": known}

    def _conversations_invite(self, channel: str, users: str, **_: Any) -> dict[str, Any]:
        if len(users.split(",")) > 100:
            raise Wrong("too_many_users")
        self._open(channel).members += users.split(",")
        return {}

    def _conversations_setTopic(self, channel: str, topic: str) -> dict[str, Any]:
        if len(topic) > 250:
            raise Wrong("too_long")
        self._open(channel).topic = topic
        return {}

    def _conversations_archive(self, channel: str) -> dict[str, Any]:
        self._open(channel).archived = True
        return {}

    def _bookmarks_add(self, channel_id: str, title: str, type: str, link: str) -> dict[str, Any]:
        self._open(channel_id).bookmarks.append({"title": title, "link": link})
        return {}

    def _pins_add(self, channel: str, timestamp: str) -> dict[str, Any]:
        found = self._open(channel)
        if timestamp in found.pins:
            raise Wrong("already_pinned")
        self._message(found, timestamp)
        found.pins.append(timestamp)
        return {}

    def _pins_remove(self, channel: str, timestamp: str) -> dict[str, Any]:
        found = self._open(channel)
        if timestamp not in found.pins:
            raise Wrong("no_pin")
        found.pins.remove(timestamp)
        return {}

    def _chat_postMessage(self, channel: str, **given: Any) -> dict[str, Any]:
        found = self._open(channel)
        check_message(given)
        ts = f"{int(time.time())}.{next(self._ids):06d}"
        if given.get("thread_ts"):
            self._message(found, str(given["thread_ts"]))
        found.messages.append({"ts": ts, "edits": 0, **given})
        return {"ts": ts, "channel": channel}

    def _chat_update(self, channel: str, ts: str, **given: Any) -> dict[str, Any]:
        message = self._message(self._open(channel), ts)
        check_message(given)
        message.update(given, edits=message["edits"] + 1)
        return {"ts": ts}

    def _chat_postEphemeral(self, channel: str, user: str, **given: Any) -> dict[str, Any]:
        self._open(channel)
        check_message(given)
        self.whispers.append((user, given["text"]))
        return {"message_ts": "1.1"}

    def _conversations_history(self, channel: str, **_: Any) -> dict[str, Any]:
        return {"messages": list(reversed(self._open(channel).top()))}

    def _conversations_replies(self, channel: str, ts: str, **_: Any) -> dict[str, Any]:
        every = self._open(channel).messages
        return {"messages": [m for m in every if ts in (m["ts"], m.get("thread_ts"))]}

    def _views_open(self, trigger_id: str, view: dict[str, Any]) -> dict[str, Any]:
        began = self._triggers.pop(trigger_id, None)
        if began is None:
            raise Wrong("exchanged_trigger_id")
        if time.monotonic() - began > 3:
            raise Wrong("trigger_expired")
        if len(view["title"]["text"]) > 24 or len(view.get("private_metadata", "")) > 3000:
            raise Wrong("invalid_arguments")
        check_blocks(view["blocks"], most=100)
        self.views.append(view)
        return {"view": view}

    def _open(self, channel: str) -> Channel:
        found = self.channels.get(channel)
        if found is None:
            raise Wrong("channel_not_found")
        if found.archived:
            raise Wrong("is_archived")
        return found

    def _message(self, channel: Channel, ts: str) -> dict[str, Any]:
        for each in channel.messages:
            if each["ts"] == ts:
                return each
        raise Wrong("message_not_found")

    # Socket Mode.

    def _socket(self, there: BaseHTTPRequestHandler) -> None:
        key = (there.headers.get("sec-websocket-key") or "").encode()
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()
        there.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        there.wfile.flush()
        there.close_connection = True
        line = there.connection
        line.sendall(_frame(b'{"type":"hello","num_connections":1}'))
        self.sockets.append(line)
        try:
            while True:
                kind, body = _read_frame(there.rfile)
                if kind == 8:
                    return
                if kind == 9:
                    line.sendall(_frame(body, 10))
                elif kind == 1:
                    self.acks[json.loads(body)["envelope_id"]] = time.monotonic()
        except (OSError, EOFError, ValueError):
            return


def check_message(given: dict[str, Any]) -> None:
    """Refuse a message as Slack refuses it."""
    text, blocks = str(given.get("text") or ""), given.get("blocks") or []
    if not text and not blocks:
        raise Wrong("no_text")
    if len(text) > 4000:
        raise Wrong("msg_too_long")
    if _LIVE.search(text):
        raise AssertionError(f"this would ping or link: {text!r}")
    check_blocks(blocks, most=50)


def check_blocks(blocks: list[dict[str, Any]], *, most: int) -> None:
    """Refuse blocks as Slack refuses them; what would ping or link is a failure of the test."""
    if len(blocks) > most:
        raise Wrong("invalid_blocks")
    if len(json.dumps(blocks, ensure_ascii=False)) > 16000:
        raise Wrong("msg_blocks_too_long")
    for block in blocks:
        sort = block["type"]
        if sort == "header":
            _text(block["text"], 150, "plain_text")
        elif sort == "section":
            _text(block["text"], 3000)
        elif sort == "context":
            if len(block["elements"]) > 10:
                raise Wrong("invalid_blocks")
            for each in block["elements"]:
                _text(each, 2000)
        elif sort == "actions":
            if len(block["elements"]) > 25:
                raise Wrong("invalid_blocks")
            for each in block["elements"]:
                _text(each["text"], 75, "plain_text")
                if len(each["value"]) > 2000 or len(each["action_id"]) > 255:
                    raise Wrong("invalid_blocks")
                if "confirm" in each:
                    _text(each["confirm"]["text"], 300)
        elif sort == "input":
            _text(block["label"], 2000, "plain_text")
        else:
            raise Wrong("invalid_blocks")


def _text(found: dict[str, Any], most: int, sort: str = "") -> None:
    text = found["text"]
    if not text or len(text) > most or (sort and found["type"] != sort):
        raise Wrong("invalid_blocks")
    if _LIVE.search(text):
        raise AssertionError(f"this would ping or link: {text!r}")


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers with which Slack signs a request."""
    stamp = str(int(time.time() if at is None else at))
    base = b"v0:" + stamp.encode() + b":" + body
    told = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={told}"}


def form_of(payload: dict[str, Any], *, interaction: bool) -> bytes:
    """A body as Slack posts it."""
    return urlencode({"payload": json.dumps(payload)} if interaction else payload).encode()


def posted(url: str, body: bytes, **headers: str) -> int:
    """POST as Slack does; the status."""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=5) as reply:
        return int(reply.status)


def _given(sort: str, raw: bytes) -> dict[str, Any]:
    if sort.startswith("application/json"):
        found: dict[str, Any] = json.loads(raw or b"{}")
        return found
    form = {key: values[-1] for key, values in parse_qs(raw.decode()).items()}
    return {
        key: json.loads(each) if key in ("blocks", "metadata", "view") else each
        for key, each in form.items()
    }


def _answer(there: BaseHTTPRequestHandler, status: int, raw: bytes, headers: Any) -> None:
    there.send_response(status)
    for key, said in headers.items():
        there.send_header(key, said)
    there.send_header("Content-Length", str(len(raw)))
    there.end_headers()
    there.wfile.write(raw)


def _frame(body: bytes, kind: int = 1) -> bytes:
    length = len(body)
    if length < 126:
        head = struct.pack("!BB", 0x80 | kind, length)
    elif length < 65536:
        head = struct.pack("!BBH", 0x80 | kind, 126, length)
    else:
        head = struct.pack("!BBQ", 0x80 | kind, 127, length)
    return head + body


def _read_frame(file: Any) -> tuple[int, bytes]:
    head = file.read(2)
    if len(head) < 2:
        raise EOFError
    length = head[1] & 0x7F
    if length == 126:
        (length,) = struct.unpack("!H", file.read(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", file.read(8))
    mask = file.read(4) if head[1] & 0x80 else b"\0\0\0\0"
    body = bytes(byte ^ mask[n % 4] for n, byte in enumerate(file.read(length)))
    return head[0] & 0x0F, body
