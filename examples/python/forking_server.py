"""A web server that forks. Each worker opens an engine of its own, after the fork, and publishes; one more child
delivers. gunicorn and uWSGI do the same in `post_fork` and `@postfork`.

    forking_server.py STORE ENDPOINT_URL

It prints its port. `POST /users/42` publishes a change of that user; SIGTERM or Ctrl-C ends it.
"""

import http.server
import os
import signal
import socket
import sys
from collections.abc import Callable

import tieback

SCOPE = tieback.Scope.company(5358233)
WORKERS = 2


def open_engine(store: str) -> tieback.Engine:
    """The same options everywhere, since all engines of a file are to agree."""
    return tieback.open(store, danger_allow_http=True, danger_allow_private_addresses=True)


def serve(store: str, listener: socket.socket) -> None:
    """A worker: answers requests on the listener that all of them share."""
    with open_engine(store) as engine:

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = tieback.Event(
                    scope=SCOPE,
                    resource_name="Company Users",
                    resource_id=self.path.rpartition("/")[2],
                    event_type="update",
                )
                try:
                    status, answer = 202, engine.publish(event).ulid
                except tieback.InvalidArgumentError as error:
                    status, answer = 400, str(error)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = http.server.HTTPServer(listener.getsockname(), Handler, bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        server.serve_forever()


def deliver(store: str) -> None:
    """The child that delivers what the workers publish: it sees it within 250 ms."""
    with open_engine(store) as engine:
        engine.start()
        try:
            signal.pause()
        finally:
            engine.stop(grace=5)


def child(work: Callable[[], None]) -> int:
    """Forks; the child works until it is told to end."""
    forked = os.fork()
    if forked:
        return forked
    status = 1
    try:
        work()
    except SystemExit:
        status = 0
    finally:
        # Never back into what the parent was doing.
        os._exit(status)


def main() -> None:
    store, url = sys.argv[1:]
    # SIGTERM and Ctrl-C unwind the stack, so that every `with` closes its engine.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: sys.exit(0))

    # What is done once is done before the fork, and the engine closed again.
    with open_engine(store) as engine:
        hook = engine.hooks.create(SCOPE, namespace="server", payload_version="v4.0", destination_url=url)
        engine.triggers.create(SCOPE, hook.id, resource_name="Company Users", event_type="update")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        children = [child(lambda: serve(store, listener)) for _ in range(WORKERS)]
        children.append(child(lambda: deliver(store)))
        print(listener.getsockname()[1], flush=True)
        try:
            signal.pause()
        finally:
            for one in children:
                os.kill(one, signal.SIGTERM)
            ended = [os.waitpid(one, 0)[1] for one in children]
            print("ended", ended, flush=True)


if __name__ == "__main__":
    main()
