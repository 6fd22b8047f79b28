"""docs/python.md and the package's own page: every example is run, type-checked, and prints what the page says."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import pytest

import tieback
from endpoint import DEADLINE, Endpoint

ROOT = pathlib.Path(__file__).parents[2]
URL = "https://webhooks.example.com/events"
DANGERS = "danger_allow_http=True, danger_allow_private_addresses=True"


def sections() -> dict[str, tuple[str, str | None]]:
    """Each section's examples as one program, with what it is to print where the page says it."""
    found = {}
    for name in ("docs/python.md", "python/ABOUT.md"):
        parts = re.split(r"^#+ (.*)$", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for title, text in zip(parts[::2], parts[1::2], strict=True):
            # The blocks up to an output are one program.
            blocks = re.findall(r"^```(python|text)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
            programs: list[tuple[str, str | None]] = []
            source = ""
            for language, block in blocks:
                if language == "python":
                    source += block
                else:
                    programs.append((source, block))
                    source = ""
            if source:
                programs.append((source, None))
            for number, program in enumerate(programs):
                found[f"{title} {number + 1}"] = program
    return found


PROGRAMS = sections()


def test_pages_have_examples() -> None:
    assert len(PROGRAMS) >= 10
    assert sum(said is not None for _, said in PROGRAMS.values()) >= 9


@pytest.mark.parametrize("title", PROGRAMS)
def test_example_prints_what_the_page_says(title: str, tmp_path: pathlib.Path, endpoint: Endpoint) -> None:
    source, said = PROGRAMS[title]
    source = source.replace(URL, endpoint.url).replace('open("hooks.db"', f'open("hooks.db", {DANGERS}')
    source = source.replace('to_thread(tieback.open, "hooks.db"', f'to_thread(tieback.open, "hooks.db", {DANGERS}')
    (tmp_path / "example.py").write_text(source, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "example.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE, check=False,
    )
    assert (run.stderr, run.returncode) == ("", 0)
    assert run.stdout == (said or "")


def test_examples_pass_mypy_strict(tmp_path: pathlib.Path) -> None:
    for number, (source, _) in enumerate(PROGRAMS.values()):
        (tmp_path / f"example_{number}.py").write_text(source, encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", ROOT / "target" / "mypy", *tmp_path.glob("*.py")],
        cwd=tmp_path, capture_output=True, text=True, timeout=4 * DEADLINE, check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_guide_names_every_error() -> None:
    guide = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    rows = [line for line in guide.splitlines() if line.startswith("| `")]
    named = {name for line in rows for name in re.findall(r"`(\w+Error)`", line.split(" | ")[0])} - {"ValueError"}
    errors = {name for name in tieback.__all__ if isinstance(getattr(tieback, name), type)}
    assert named == {name for name in errors if name.endswith("Error") and name != "Error"}
