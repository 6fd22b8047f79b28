"""The wheel and the source distribution: what is in them, what they say of themselves, and that they work anywhere."""

from __future__ import annotations

import email.message
import email.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest

import tieback
from conftest import tool
from endpoint import DEADLINE, Endpoint

ROOT = pathlib.Path(__file__).parents[2]
SOURCE = ROOT / "python" / "tieback"


def only(folder: str, pattern: str) -> pathlib.Path:
    """What `make python-module` built."""
    (found,) = (ROOT / "target" / folder).glob(pattern)
    return found


@pytest.fixture(scope="module")
def wheel() -> pathlib.Path:
    return only("wheels", "*.whl")


@pytest.fixture(scope="module")
def sdist() -> pathlib.Path:
    return only("sdists", "*.tar.gz")


def metadata_of(wheel: pathlib.Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        return email.parser.Parser().parsestr(packed.read(name).decode())


def test_wheel_is_for_every_cpython_from_3_10_on(wheel: pathlib.Path) -> None:
    assert re.fullmatch(rf"tieback-{re.escape(tieback.__version__)}-cp310-abi3-\w+\.whl", wheel.name)


def test_wheel_holds_the_package_and_nothing_else(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if not name.endswith("/")}
    package = {f"tieback/{file.name}" for file in SOURCE.iterdir() if file.suffix in (".py", ".pyi", ".typed")}
    assert {"tieback/py.typed", "tieback/_tieback.pyi", "tieback/__main__.py"} <= package
    about = f"tieback-{tieback.__version__}.dist-info"
    said = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE-APACHE", "licenses/LICENSE-MIT"}
    rest = names - package - {f"{about}/{file}" for file in said}
    assert package | {f"{about}/{file}" for file in said} <= names
    # The native half, and the list of the crates that are in it.
    assert rest == {"tieback/_tieback.abi3.so", f"{about}/sboms/tieback-python.cyclonedx.json"}


def test_metadata_says_what_an_index_shows(wheel: pathlib.Path) -> None:
    metadata = metadata_of(wheel)
    assert (metadata["Name"], metadata["Version"]) == ("tieback", tieback.__version__)
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "MIT OR Apache-2.0"
    assert sorted(metadata.get_all("License-File", [])) == ["LICENSE-APACHE", "LICENSE-MIT"]
    assert metadata["Requires-Dist"] is None
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert "https://developers.procore.com/documentation/webhooks" in str(metadata["Project-URL"])
    assert str(metadata["Description-Content-Type"]).startswith("text/markdown")
    assert str(metadata.get_payload()).rstrip() == (ROOT / "python" / "ABOUT.md").read_text(encoding="utf-8").rstrip()


def test_native_half_exports_its_initialiser_alone() -> None:
    if sys.platform != "linux":
        pytest.skip("elsewhere nm shows it in another way")
    nm = tool("nm", "what the Python module exports")
    module = pathlib.Path(tieback.__file__).with_name("_tieback.abi3.so")
    shown = subprocess.run(
        [nm, "-D", "--defined-only", "--format=posix", module], capture_output=True, text=True, check=True
    )
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["PyInit__tieback"]


def test_source_distribution_holds_what_a_build_needs(sdist: pathlib.Path) -> None:
    with tarfile.open(sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    tree = {str(file.relative_to(ROOT)) for folder in ("src", "data", "build") for file in (ROOT / folder).rglob("*.*")}
    tree |= {f"python/{file.relative_to(ROOT / 'python')}" for file in (ROOT / "python" / "src").glob("*.rs")}
    tree |= {f"tieback/{file.name}" for file in SOURCE.iterdir() if file.is_file()}
    tree |= {"Cargo.toml", "Cargo.lock", "build.rs", "python/Cargo.toml", "python/Cargo.lock", ".cargo/config.toml"}
    tree |= {"LICENSE-MIT", "LICENSE-APACHE", "ABOUT.md", "pyproject.toml", "PKG-INFO"}
    assert tree <= names
    stray = re.compile(r"(^|/)(target|__pycache__|tests|benches|fuzz|\.git)(/|$)|\.(so|pyc|db|orig)$")
    assert [name for name in names if stray.search(name)] == []


def test_source_distribution_needs_nothing_of_this_repository(sdist: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with tarfile.open(sdist) as packed:
        packed.extractall(tmp_path)
    (root,) = tmp_path.iterdir()
    shown = subprocess.run(
        ["cargo", "metadata", "--offline", "--locked", "--format-version", "1", "--manifest-path"]
        + [str(root / "python" / "Cargo.toml")],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )
    assert shown.returncode == 0, shown.stderr
    own = [package["manifest_path"] for package in json.loads(shown.stdout)["packages"] if package["source"] is None]
    assert sorted(own) == [str(root / "Cargo.toml"), str(root / "python" / "Cargo.toml")]


PROGRAM = """
import sys, tieback
with tieback.open(sys.argv[1], danger_allow_http=True, danger_allow_private_addresses=True) as engine:
    scope = tieback.Scope.company(1)
    hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=sys.argv[2])
    engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
    engine.publish(tieback.Event(scope=scope, resource_name="Company Users", resource_id=1, event_type="update"))
    engine.run_until_idle(timeout=20)
    print(tieback.__file__, [delivery.status for delivery in engine.deliveries.list(scope, hook.id)])
"""


def test_wheel_of_the_source_distribution_works_in_a_fresh_environment(
    wheel: pathlib.Path, tmp_path: pathlib.Path, endpoint: Endpoint
) -> None:
    fresh = tmp_path / "fresh"
    venv.create(fresh, with_pip=True)
    python = fresh / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", wheel],
        capture_output=True, text=True, timeout=120, check=False,
    )
    assert installed.returncode == 0, installed.stderr
    ran = subprocess.run(
        [python, "-X", "dev", "-W", "error", "-c", PROGRAM, tmp_path / "hooks.db", endpoint.url],
        capture_output=True, text=True, timeout=DEADLINE, check=False, cwd=tmp_path,
    )
    assert (ran.stderr, ran.returncode) == ("", 0)
    assert ran.stdout.startswith(str(fresh)) and ran.stdout.endswith("['delivered']\n")
    told = subprocess.run([fresh / "bin" / "tieback", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"tieback {tieback.__version__}\n"
    check = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout


OTHERS = [f"3.{minor}" for minor in range(10, 16) if minor != sys.version_info.minor]


@pytest.mark.parametrize("version", OTHERS)
def test_wheel_works_with_other_pythons_of_this_machine(
    version: str, wheel: pathlib.Path, tmp_path: pathlib.Path, endpoint: Endpoint
) -> None:
    # Those of pyenv are not on the path, only stand-ins that work where it says so.
    kept = sorted(pathlib.Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    python = kept[0] if kept else shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"python{version} is not on this machine")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "unpacked")
    ran = subprocess.run(
        [python, "-X", "dev", "-W", "error", "-c", PROGRAM, tmp_path / "hooks.db", endpoint.url],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
        env={"PYTHONPATH": str(tmp_path / "unpacked"), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (ran.stderr, ran.returncode) == ("", 0)
    assert ran.stdout.endswith("['delivered']\n")


def test_subinterpreter_is_refused_in_words(tmp_path: pathlib.Path) -> None:
    program = f"""
import sys, tieback
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
made = interpreters.create()
try:
    told = interpreters.run_string(made, '''if True:
        try:
            import tieback
        except ImportError as error:
            open({str(tmp_path / "said")!r}, "w").write(str(error))
    ''')
    assert not told, told
finally:
    interpreters.destroy(made)
print(tieback.Scope.company(1).company_id)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=DEADLINE, check=False)
    # The interpreter that has it goes on with it.
    assert (ran.stdout, ran.returncode) == ("1\n", 0), ran.stderr
    assert "subinterpreter" in (tmp_path / "said").read_text()
