"""What Python adds: the time of `import tieback`, and of calls through the package.

    python.py [--rounds N]

Imports are whole processes, every other round backwards, medians compared; the baseline imports what a program that
posts JSON itself would import. Calls go to one engine; of them only `publish` waits for the disk.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import tieback

PROGRAMS = {
    "nothing": "pass",
    "json, http.client": "import json, http.client",
    "tieback": "import tieback",
    "tieback, an engine opened": "import tieback; tieback.open('{path}').close()",
}


def import_times(rounds: int, folder: pathlib.Path) -> dict[str, float]:
    """The median of each program, in milliseconds."""
    took: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for round in range(rounds + 1):
        names = list(PROGRAMS) if round % 2 else list(reversed(PROGRAMS))
        for name in names:
            program = PROGRAMS[name].format(path=folder / "import.db")
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            took[name].append((time.perf_counter() - start) * 1000)
    # The first round reads the files from the disk.
    return {name: statistics.median(times[1:]) for name, times in took.items()}


def median_call(call: Callable[[], object], times: int, rounds: int) -> float:
    """The median over the rounds of what one call takes, in microseconds."""
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(times):
            call()
        took.append((time.perf_counter() - start) / times * 1e6)
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description="measure what Python adds")
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(dir="target") as folder:
        medians = import_times(rounds, pathlib.Path(folder))
        for name, median in medians.items():
            print(f"  {median:7.1f} ms  {name}")
        bare = medians["nothing"]
        own, baseline = medians["tieback"] - bare, medians["json, http.client"] - bare
        print(f"import: tieback {own:.1f} ms, json and http.client {baseline:.1f} ms ({own / baseline:.2f} times)")

        with tieback.open(pathlib.Path(folder, "calls.db"), danger_allow_http=True) as engine:
            scope = tieback.Scope.company(5358233)
            hook = engine.hooks.create(
                scope, namespace="n", payload_version="v4.0", destination_url="http://example.com/"
            )
            event = tieback.Event(scope=scope, resource_name="Company Users", resource_id=42, event_type="update")
            engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
            calls: dict[str, tuple[Callable[[], object], int]] = {
                "engine.closed": (lambda: engine.closed, 10_000),
                "engine.notices()": (engine.notices, 2_000),
                "engine.hooks.show()": (lambda: engine.hooks.show(scope, hook.id), 500),
                "engine.publish()": (lambda: engine.publish(event), 100),
            }
            figures = [f"{name} {median_call(call, times, rounds):.1f} us" for name, (call, times) in calls.items()]
            print(f"calls: {', '.join(figures)}")


if __name__ == "__main__":
    main()
