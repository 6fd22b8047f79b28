"""Store keys: what is in the file, which keys open it, and what is said of a wrong one."""

from __future__ import annotations

import pathlib
import secrets
from typing import Any

import pytest

import tieback
from conftest import SECRET
from endpoint import Answer, Endpoint

FIRST, SECOND = secrets.token_hex(32), secrets.token_hex(32)


def raw(path: pathlib.Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def make_clear(path: pathlib.Path, scope: tieback.Scope) -> None:
    with tieback.open(path) as engine:
        engine.hooks.create(
            scope,
            namespace="acme",
            payload_version="v4.0",
            destination_url="https://example.com/",
            destination_headers={"Authorization": SECRET},
        )


def test_store_in_clear_text_is_sealed_by_opening_it_with_a_key(path: pathlib.Path, scope: tieback.Scope) -> None:
    make_clear(path, scope)
    assert SECRET.encode() in raw(path)
    with tieback.open(path, store_key=FIRST) as engine:
        assert SECRET.encode() not in raw(path)
        [hook] = engine.hooks.list(scope)
        assert (hook.status, hook.destination_headers) == ("active", {"Authorization": "*****12345"})
        assert FIRST not in repr(engine)
    assert SECRET.encode() not in raw(path)


def test_wrong_or_missing_key_is_told_by_its_id_and_never_repeated(path: pathlib.Path, scope: tieback.Scope) -> None:
    make_clear(path, scope)
    tieback.open(path, store_key=FIRST).close()
    wrong: list[dict[str, Any]] = [{}, {"store_key": SECOND}, {"store_key": SECOND, "store_key_old": [SECOND]}]
    for options in wrong:
        with pytest.raises(tieback.InvalidArgumentError, match="sealed with a key of the id [0-9a-f]{16}") as caught:
            tieback.open(path, **options)
        assert FIRST[:8] not in str(caught.value) and SECOND[:8] not in str(caught.value)


def test_after_a_change_of_keys_the_old_one_is_not_needed(path: pathlib.Path, scope: tieback.Scope) -> None:
    make_clear(path, scope)
    tieback.open(path, store_key=FIRST).close()
    tieback.open(path, store_key=SECOND, store_key_old=[FIRST]).close()
    with tieback.open(path, store_key=SECOND) as engine:
        assert [hook.destination_headers for hook in engine.hooks.list(scope)] == [{"Authorization": "*****12345"}]
    with pytest.raises(tieback.InvalidArgumentError):
        tieback.open(path, store_key=FIRST)


def test_what_is_no_key_is_refused_without_repeating_it(path: pathlib.Path) -> None:
    wrong: list[dict[str, Any]] = [{"store_key": "sesame"}, {"store_key": FIRST, "store_key_old": ["sesame"]}]
    for options in wrong:
        with pytest.raises(tieback.InvalidArgumentError, match="store_key.*6 characters") as caught:
            tieback.open(path, **options)
        assert "sesame" not in str(caught.value)
    with pytest.raises(TypeError, match="store_key"):
        tieback.open(path, store_key=b"0" * 32)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="store_key_old"):
        tieback.open(path, store_key=FIRST, store_key_old=SECOND)
    assert not path.exists()


def test_what_an_endpoint_echoes_of_a_secret_is_not_kept(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event, endpoint: Endpoint
) -> None:
    token = SECRET.removeprefix("Bearer ")
    endpoint.script.append(Answer(500, {"X-Echo": SECRET}, f'{{"token": "{token}"}}'.encode()))
    engine.publish(event)
    engine.run_until_idle(timeout=30)
    [delivery] = engine.deliveries.list(scope, hook.id)
    attempt = delivery.attempts[0]
    assert attempt.response_body == b'{"token": "*****"}'
    assert {name.lower(): value for name, value in attempt.response_headers.items()}["x-echo"] == "*****"
