"""The example that the README shows, and the demo's program, as their readers run them."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

from endpoint import DEADLINE, Endpoint

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "python" / "quickstart.py"


def test_quickstart_delivers_after_a_refusal(endpoint: Endpoint, tmp_path: pathlib.Path) -> None:
    endpoint.refuse(1)
    address = "http://127.0.0.1:8099/events"
    source = EXAMPLE.read_text(encoding="utf-8")
    assert source.count(f'"{address}"') == 1
    (tmp_path / "quickstart.py").write_text(source.replace(f'"{address}"', f'"{endpoint.url}"'), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "quickstart.py"], cwd=tmp_path, timeout=DEADLINE, capture_output=True, text=True
    )
    assert run.stderr == ""
    assert re.fullmatch(r"delivered [0-9A-HJKMNP-TV-Z]{26} \[503, 204\]\n", run.stdout)
    assert [request.headers["Authorization"] for request in endpoint.requests] == ["Bearer ..."] * 2
    assert (tmp_path / "hooks.db").exists()
