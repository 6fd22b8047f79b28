"""A loopback endpoint for tests: answers as its script says, and keeps what it was sent."""

from __future__ import annotations

import collections
import http.server
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

DEADLINE = 30.0
"""How long a test waits, in seconds, for something that normally takes none."""


@dataclass
class Answer:
    """What the endpoint says to one request."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Request:
    """What it was sent."""

    path: str
    headers: dict[str, str]
    body: bytes


class Endpoint:
    """Answers with `script`, one answer a request, and with 204 when that is used up."""

    def __init__(self) -> None:
        self.script: collections.deque[Answer] = collections.deque()
        self.requests: list[Request] = []
        self.open = threading.Event()
        """While it is not set, requests are taken and not answered."""
        self.open.set()
        self._changed = threading.Condition()
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = endpoint._take(Request(self.path, dict(self.headers.items()), body))
                endpoint.open.wait(DEADLINE)
                try:
                    self.send_response_only(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    if answer.status != 204:
                        self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    if answer.status != 204:
                        self.wfile.write(answer.body)
                except ConnectionError:
                    # The sender has gone meanwhile, as it may.
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: object, client_address: object) -> None:
                # A sender that is stopped breaks its connections.
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/events"

    def refuse(self, times: int, status: int = 503) -> None:
        """Answers the next requests with an error."""
        self.script.extend(Answer(status) for _ in range(times))

    def wait_for_requests(self, count: int) -> None:
        """Waits until it was sent this many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, DEADLINE), self.requests

    def _take(self, request: Request) -> Answer:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            return self.script.popleft() if self.script else Answer()

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.open.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def eventually(condition: Callable[[], bool]) -> None:
    """Waits until the condition holds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "it does not come true"
        time.sleep(0.005)
