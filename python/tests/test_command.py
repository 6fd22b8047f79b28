"""The command `tieback`, as pip installs it."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import sysconfig

import pytest

import tieback
from endpoint import DEADLINE, Endpoint

SCRIPT = pathlib.Path(sysconfig.get_path("scripts")) / "tieback"
COMMANDS = {"script": [str(SCRIPT)], "module": [sys.executable, "-m", "tieback"]}

pytestmark = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())


def run(command: list[str], *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *arguments], input=said, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def test_it_tells_its_version_and_its_arguments(command: list[str]) -> None:
    told = run(command, "--version")
    assert (told.returncode, told.stdout, told.stderr) == (0, f"tieback {tieback.__version__}\n", "")
    told = run(command, "--help")
    assert told.returncode == 0 and "rpc" in told.stdout
    told = run(command, "deliver")
    assert told.returncode == 2 and "unrecognized subcommand 'deliver'" in told.stderr


def test_rpc_publishes_and_delivers(command: list[str], path: pathlib.Path, endpoint: Endpoint) -> None:
    scope = {"company_id": 5358233}
    hook = {"namespace": "n", "payload_version": "v4.0", "destination_url": endpoint.url}
    trigger = {"resource_name": "Company Users", "event_type": "update"}
    event = {**scope, **trigger, "resource_id": 42}
    options = {"path": str(path), "danger_allow_http": True, "danger_allow_private_addresses": True}
    requests: list[tuple[str, dict[str, object]]] = [
        ("hook_create", {"scope": scope, "hook": hook}),
        ("trigger_create", {"scope": scope, "hook_id": "1", "trigger": trigger}),
        ("publish", {"event": event}),
        ("run_until_idle", {"timeout_ms": 30_000}),
    ]
    lines = [json.dumps({"operation": "engine_open", "input": options})]
    lines += [json.dumps({"handle": 1, "operation": name, "input": given}) for name, given in requests]
    done = run(command, "rpc", said="\n".join(lines))
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line)["result"] for line in done.stdout.splitlines()]
    assert answers[0] == {"handle": 1}
    assert answers[3]["deliveries"] == 1
    assert answers[4] == {"idle": True, "paused_lanes": 0, "attempts": 1}
    assert len(endpoint.requests) == 1


def test_ctrl_c_ends_it_without_a_word(command: list[str], path: pathlib.Path) -> None:
    with subprocess.Popen(
        [*command, "rpc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as rpc:
        assert rpc.stdin is not None and rpc.stdout is not None and rpc.stderr is not None
        try:
            # It has begun to wait for the next line when it has answered this one.
            rpc.stdin.write(json.dumps({"operation": "engine_open", "input": {"path": str(path)}}) + "\n")
            rpc.stdin.flush()
            assert json.loads(rpc.stdout.readline()) == {"result": {"handle": 1}}
            rpc.send_signal(signal.SIGINT)
            # It stops and closes its engines first.
            assert rpc.wait(DEADLINE) == 0
            assert (rpc.stdout.read(), rpc.stderr.read()) == ("", "")
        finally:
            rpc.kill()
    assert list(path.parent.iterdir()) == [path]
    with tieback.open(path) as engine:
        assert engine.check_integrity().sound


def test_reader_that_goes_away_is_no_failure(command: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        gone = subprocess.run(
            [*command, "rpc"], input=b"{}\n", stdout=write, stderr=subprocess.PIPE, timeout=DEADLINE, check=False
        )
    finally:
        os.close(write)
    assert (gone.returncode, gone.stderr) == (0, b"")
