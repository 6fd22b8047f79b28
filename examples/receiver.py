"""A loopback endpoint for the demo: refuses the first requests of each path, then accepts.

    receiver.py PORT_FILE REFUSALS

Writes its port to PORT_FILE and serves until its standard input ends; then prints what it saw. It stands in for your
own endpoint: it checks the Authorization header, answers at once, and drops duplicates by the event's id.
"""

import collections
import http.server
import json
import pathlib
import sys
import threading

TOKEN = "Bearer demo-endpoint-token"


class Endpoint(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    refusals: int = 0
    lock = threading.Lock()
    requests: "collections.Counter[str]" = collections.Counter()
    events: "dict[str, set[str]]" = collections.defaultdict(set)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            self.requests[self.path] += 1
            status = self.status(body)
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def status(self, body: bytes) -> int:
        if self.headers["Authorization"] != TOKEN:
            return 401
        if self.requests[self.path] <= self.refusals:
            return 503
        self.events[self.path].add(str(json.loads(body)["id"]))
        return 204

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    port_file, Endpoint.refusals = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port_file.write_text(str(server.server_address[1]))
    sys.stdin.read()
    server.shutdown()
    print(f"{'path':<10} {'requests':>8} {'refused':>8} {'events':>7}")
    for path, requests in sorted(Endpoint.requests.items()):
        refused = min(requests, Endpoint.refusals)
        print(f"{path:<10} {requests:>8} {refused:>8} {len(Endpoint.events[path]):>7}")


if __name__ == "__main__":
    main()
