"""What `import tieback` shows: names, exceptions, version, documentation."""

from __future__ import annotations

import builtins
import doctest
import inspect
import pathlib
import pickle
import re
import types

import pytest

import tieback
from tieback import _errors, _tieback

ROOT = pathlib.Path(__file__).parents[2]

KINDS = {
    "invalid_argument": tieback.InvalidArgumentError,
    "unauthorized": tieback.UnauthorizedError,
    "forbidden": tieback.ForbiddenError,
    "not_found": tieback.NotFoundError,
    "conflict": tieback.ConflictError,
    "rate_limited": tieback.RateLimitedError,
    "timeout": tieback.TimeoutError,
    "unavailable": tieback.UnavailableError,
    "network": tieback.NetworkError,
    "tls": tieback.TlsError,
    "protocol": tieback.ProtocolError,
    "storage": tieback.StorageError,
    "closed": tieback.ClosedError,
    "cancelled": tieback.CancelledError,
    "internal": tieback.InternalError,
}


def test_all_is_what_is_public() -> None:
    public = {
        name
        for name, value in vars(tieback).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public | {"__version__"} == set(tieback.__all__)
    assert tieback.__all__ == sorted(tieback.__all__, key=lambda name: (name.lower() == name, name))


def test_everything_public_is_documented() -> None:
    for name in tieback.__all__:
        thing = getattr(tieback, name)
        if name == "__version__":
            continue
        assert inspect.getdoc(thing), name
        if inspect.isclass(thing) and not issubclass(thing, Exception):
            for member, value in vars(thing).items():
                if not member.startswith("_") and callable(value):
                    assert inspect.getdoc(value), f"{name}.{member}"


def test_versions_agree() -> None:
    for file in ("Cargo.toml", "python/Cargo.toml", "python/pyproject.toml"):
        stated = re.search(r'^version = "(.*)"$', (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
        assert stated is not None and stated[1] == tieback.__version__, file


def test_every_kind_has_its_class() -> None:
    source = (ROOT / "src" / "error.rs").read_text(encoding="utf-8")
    words = re.findall(r'Self::\w+ => "(\w+)"', source)
    assert sorted(words) == sorted(KINDS)
    assert _errors.CLASSES == KINDS


@pytest.mark.parametrize(("kind", "made"), KINDS.items())
def test_errors_carry_everything_and_survive_pickle(kind: str, made: type[tieback.Error]) -> None:
    answer = {
        "kind": kind,
        "message": "what, and what to do",
        "operation": "hook_create",
        "http_status": 409,
        "request_id": "r-1",
        "retry": {"after_ms": 1500},
    }
    error = _errors.error_from_answer(answer)
    assert type(error) is made and isinstance(error, tieback.Error)
    assert made.__module__ == "tieback" and made.__doc__
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert type(one) is made
        assert (one.kind, one.message, str(one)) == (kind, "what, and what to do", "what, and what to do")
        assert (one.operation, one.http_status, one.request_id, one.retry) == ("hook_create", 409, "r-1", 1.5)


def test_errors_are_also_what_python_calls_them() -> None:
    assert issubclass(tieback.InvalidArgumentError, ValueError)
    assert issubclass(tieback.TimeoutError, builtins.TimeoutError)
    with pytest.raises(ValueError):
        tieback.Scope.company(0)


def test_kind_of_a_newer_library_is_still_an_error() -> None:
    error = _errors.error_from_answer({"kind": "newer", "message": "m", "retry": "now"})
    assert (type(error), error.kind, error.retry) == (tieback.Error, "newer", "now")
    assert pickle.loads(pickle.dumps(error)).kind == "newer"


def test_native_half_shows_what_its_stub_says() -> None:
    assert sorted(_tieback.__all__) == [
        "Cancel",
        "Engine",
        "__version__",
        "build_info",
        "command",
        "event_parse",
        "restore",
        "scope",
    ]


def test_examples_in_the_documentation_work(path: pathlib.Path) -> None:
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    things = [("tieback", tieback), *((name, getattr(tieback, name)) for name in tieback.__all__)]
    examples = 0
    for name, thing in things:
        if isinstance(thing, (str, types.ModuleType)):
            tests = [
                doctest.DocTestParser().get_doctest(inspect.getdoc(thing) or "", {}, name, None, 0)
            ] if isinstance(thing, types.ModuleType) else []
        else:
            tests = finder.find(thing, name, module=False)
        for number, test in enumerate(tests):
            store = path.with_name(f"{name}-{number}.db")
            test.globs = {"tieback": tieback, "path": store}
            runner.run(test, clear_globs=True)
            examples += len(test.examples)
    assert examples > 10
    assert runner.summarize(verbose=False).failed == 0


def test_library_says_what_it_is_made_of() -> None:
    made_of = tieback.build_info()
    assert made_of["version"] == tieback.__version__
    assert made_of["payload_versions"] == ["v2.0", "v3.0", "v4.0"]
    assert re.fullmatch(r"3\.\d+\.\d+", made_of["sqlite"])
