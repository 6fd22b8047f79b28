"""Files that are no store: a clear error, and the file is left as it was."""

from __future__ import annotations

import pathlib
import sqlite3
import stat

import pytest

import tieback


def test_store_is_its_owners_alone_and_any_kind_of_path_will_do(path: pathlib.Path) -> None:
    tieback.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tieback.open(str(path)) as engine:
        assert str(path) in repr(engine)


def test_file_that_is_no_database_is_refused(path: pathlib.Path) -> None:
    content = b"these are the accounts of the year, and no database at all\n" * 100
    path.write_bytes(content)
    with pytest.raises(tieback.StorageError, match="hooks.db") as caught:
        tieback.open(path)
    assert caught.value.operation == "open"
    assert path.read_bytes() == content


def test_database_of_another_program_is_refused(path: pathlib.Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE accounts (id INTEGER)")
    other.close()
    content = path.read_bytes()
    with pytest.raises(tieback.StorageError):
        tieback.open(path)
    assert path.read_bytes() == content


def test_store_cut_short_is_refused(path: pathlib.Path, scope: tieback.Scope) -> None:
    tieback.open(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(tieback.StorageError):
        tieback.open(path)


def test_store_of_a_newer_tieback_is_refused(path: pathlib.Path) -> None:
    tieback.open(path).close()
    with sqlite3.connect(path) as store:
        store.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(tieback.StorageError, match="schema 99.*upgrade tieback") as caught:
        tieback.open(path)
    assert (caught.value.operation, caught.value.retry) == ("open", "never")


def test_old_store_that_another_engine_has_open_is_unavailable(path: pathlib.Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    tieback.open(path).close()
    with sqlite3.connect(path) as store:
        # As an earlier version would have left it. It is refused before anybody looks closer.
        store.execute("PRAGMA user_version = 1")
    store.close()
    with open(f"{path}-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with pytest.raises(tieback.UnavailableError, match="hooks.db.*another tieback engine") as caught:
            tieback.open(path)
    assert isinstance(caught.value.retry, float) and caught.value.retry > 0


def test_place_where_no_file_can_be_is_refused(tmp_path: pathlib.Path) -> None:
    for place in (tmp_path / "missing" / "hooks.db", tmp_path):
        with pytest.raises(tieback.StorageError):
            tieback.open(place)
    with pytest.raises((tieback.Error, ValueError)):
        tieback.open("a\0b")
    with pytest.raises(tieback.InvalidArgumentError):
        tieback.open(":memory:")
