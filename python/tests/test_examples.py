"""The examples under examples/python, as their readers run them."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

import tieback
from endpoint import DEADLINE, Endpoint

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "python"


def test_asyncio_publishes_delivers_and_is_told(path: pathlib.Path, endpoint: Endpoint) -> None:
    endpoint.refuse(1)
    run = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "asyncio_publish.py", path, endpoint.url],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )
    assert (run.stderr, run.returncode) == ("", 0)
    # Which comes first is the endpoint's affair: several attempts are in flight when one is refused.
    assert run.stdout.splitlines() == ["published 20", "delivered 20", "paused 503", "resumed "]
    assert len({request.body for request in endpoint.requests}) == 20


@pytest.mark.skipif(not hasattr(signal, "pause"), reason="this system has no fork")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_forking_server_publishes_in_every_worker_and_ends_cleanly(
    number: signal.Signals, path: pathlib.Path, endpoint: Endpoint
) -> None:
    with subprocess.Popen(
        [sys.executable, EXAMPLES / "forking_server.py", path, endpoint.url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as server:
        assert server.stdout is not None and server.stderr is not None
        try:
            port = int(server.stdout.readline())
            for user in range(1, 11):
                request = urllib.request.Request(f"http://127.0.0.1:{port}/users/{user}", data=b"", method="POST")
                with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                    assert answer.status == 202 and len(answer.read()) == 26
            bad = urllib.request.Request(f"http://127.0.0.1:{port}/users/-1", data=b"", method="POST")
            with pytest.raises(urllib.error.HTTPError, match="400") as refused:
                urllib.request.urlopen(bad, timeout=DEADLINE)
            refused.value.close()
            endpoint.wait_for_requests(10)
            server.send_signal(number)
            assert server.stdout.read() == "ended [0, 0, 0]\n"
            assert (server.wait(DEADLINE), server.stderr.read()) == (0, "")
        finally:
            server.kill()
    assert list(path.parent.iterdir()) == [path]
    with tieback.open(path) as engine:
        assert engine.stats().delivered == 10
