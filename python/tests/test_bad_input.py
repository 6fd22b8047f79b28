"""Bad input: each a clear error of the right kind, which changes nothing."""

from __future__ import annotations

import dataclasses
import datetime
import math
import pathlib
from typing import Any

import pytest

import tieback
from conftest import SECRET
from endpoint import Endpoint

HTTPS = "https://webhooks.example.com/events"


@pytest.mark.parametrize("ids", [{}, {"company_id": 1, "project_id": 2}])
def test_scope_with_both_or_none_names_the_way_out(ids: dict[str, int]) -> None:
    with pytest.raises(tieback.InvalidArgumentError, match=r"Scope\.project\("):
        tieback.Scope(**ids)


@pytest.mark.parametrize(
    "number",
    [0, -1, 2**63, 2**64, pytest.param(10**5000, id="huge"), "-1", "x", "007", "", "9223372036854775808", "é"],
)
def test_scope_ids_are_1_to_63_bits(number: Any) -> None:
    for make in (tieback.Scope.company, tieback.Scope.project):
        with pytest.raises(tieback.InvalidArgumentError, match="_id"):
            make(number)
    with pytest.raises(tieback.InvalidArgumentError, match="company_id"):
        tieback.Scope.project(1, company_id=number)


@pytest.mark.parametrize("number", [None, 1.0, True, b"1", [1]])
def test_ids_of_other_types_are_refused(number: Any, engine: tieback.Engine, scope: tieback.Scope) -> None:
    wrong = (TypeError, tieback.InvalidArgumentError) if number is None else TypeError
    for call in (tieback.Scope.company, tieback.Scope.project):
        with pytest.raises(wrong):
            call(number)
    with pytest.raises(TypeError, match="hook_id"):
        engine.hooks.show(scope, number)
    with pytest.raises(TypeError, match="resource_id"):
        tieback.Event(scope=scope, resource_name="RFIs", resource_id=number, event_type="update")


def test_largest_ids_pass(engine: tieback.Engine, event: tieback.Event) -> None:
    assert tieback.Scope.company(2**63 - 1).company_id == "9223372036854775807"
    largest: Any = 2**63 - 1
    large = dataclasses.replace(event, resource_id=largest, user_id=largest, id=largest)
    assert engine.publish(large).id == "9223372036854775807"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"namespace": "Acme"}, "`A`"),
        ({"namespace": ""}, "1 to 100"),
        ({"namespace": "a" * 101}, "101"),
        ({"namespace": 5}, "namespace"),
        ({"namespace": None}, "namespace"),
        ({"payload_version": "v5.0"}, "v2.0, v3.0 or v4.0"),
        ({"payload_version": 4.0}, "payload_version"),
        ({"destination_url": "http://webhooks.example.com/"}, "https"),
        ({"destination_url": "ftp://webhooks.example.com/"}, "https"),
        ({"destination_url": "https://"}, "destination_url"),
        ({"destination_url": "not a url"}, "destination_url"),
        ({"destination_url": "https://127.0.0.1/"}, "127.0.0.1"),
        ({"destination_headers": {"Host": "x"}}, "[Hh]ost"),
        ({"destination_headers": {"X-A": "a\r\nX-B: b"}}, "X-A"),
        ({"namespace": "lone-\ud800"}, "surrogate"),
    ],
)
def test_wrong_hooks_are_refused(path: pathlib.Path, scope: tieback.Scope, wrong: dict[str, Any], said: str) -> None:
    good: dict[str, Any] = {"namespace": "acme", "payload_version": "v4.0", "destination_url": HTTPS}
    with tieback.open(path) as strict:
        with pytest.raises(tieback.InvalidArgumentError, match=said) as caught:
            strict.hooks.create(scope, **{**good, **wrong})
        assert caught.value.operation == "hook_create"
        assert list(strict.hooks.list(scope)) == []
        hook = strict.hooks.create(scope, **good)
        if list(wrong.values()) != [None]:
            with pytest.raises(tieback.InvalidArgumentError, match=said):
                strict.hooks.update(scope, hook.id, **wrong)
        assert strict.hooks.show(scope, hook.id) == dataclasses.replace(hook, trigger_count=0)


def test_credentials_in_urls_are_refused_and_not_repeated(engine: tieback.Engine, scope: tieback.Scope) -> None:
    for url in ("https://user:hunter2@example.com/", "https://exa mple.com/?hunter2", "hunter2://x/?hunter2"):
        with pytest.raises(tieback.InvalidArgumentError) as caught:
            engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=url)
        if not url.startswith("hunter2"):
            assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("headers", [{"Authorization": f"{SECRET}\n"}, {"Authorization": f"{SECRET}\ud800"}])
def test_wrong_header_values_are_not_repeated(
    engine: tieback.Engine, scope: tieback.Scope, headers: dict[str, str]
) -> None:
    with pytest.raises(tieback.InvalidArgumentError, match="Authorization") as caught:
        engine.hooks.create(
            scope, namespace="n", payload_version="v4.0", destination_url=HTTPS, destination_headers=headers
        )
    assert "never-shown" not in repr(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


@pytest.mark.parametrize("headers", [{"Authorization": 5}, {5: "x"}, ["Authorization"], "Authorization: x"])
def test_headers_of_other_types_are_refused(engine: tieback.Engine, scope: tieback.Scope, headers: Any) -> None:
    with pytest.raises(TypeError, match="destination_headers"):
        engine.hooks.create(
            scope, namespace="n", payload_version="v4.0", destination_url=HTTPS, destination_headers=headers
        )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"resource_id": -1}, "resource_id `-1` is out of range"),
        ({"resource_id": 0}, "resource_id"),
        ({"resource_id": 2**63}, "resource_id"),
        ({"user_id": 2**63}, "user_id"),
        ({"user_id": -7}, "user_id"),
        ({"id": "word"}, "id `word`"),
        ({"id": -1}, "id"),
        ({"ulid": "a b"}, "ulid"),
        ({"event_type": "Update"}, "update"),
        ({"event_type": ""}, "event_type"),
        ({"resource_name": "Company User"}, "`Company Users`"),
        ({"resource_name": "RFIs"}, "project-level"),
        ({"scope": tieback.Scope.project(9876543)}, "company_id"),
        ({"data": {"x": "a" * 262144}}, "262144"),
        ({"data": {"x": math.nan}}, "data.x"),
        ({"data": {"x": [1, 2**64]}}, r"data\.x\[1\]"),
        ({"metadata": tieback.Metadata(source_user_id=-1)}, "source_user_id"),
        ({"api_version": "v2"}, "api_version is not used"),
        ({"unknown": {"color": "red"}}, "unknown.color is not used"),
        ({"related_resources": [tieback.RelatedResource(id=-1, name="RFIs")]}, "related_resources"),
    ],
)
def test_wrong_events_are_refused(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event, wrong: Any, said: str
) -> None:
    with pytest.raises(tieback.InvalidArgumentError, match=said) as caught:
        engine.publish(dataclasses.replace(event, **wrong))
    assert caught.value.operation == "publish"
    assert list(engine.deliveries.list(scope, hook.id)) == []


def test_events_of_other_types_are_refused(engine: tieback.Engine, event: tieback.Event) -> None:
    wrong: list[dict[str, Any]] = [
        {"scope": 5358233},
        {"resource_name": 5},
        {"event_type": None},
        {"ulid": 5},
        {"timestamp": "2025-02-06T23:34:12Z"},
        {"metadata": {"source_user_id": 5}},
        {"related_resources": [("1", "RFIs")]},
    ]
    for one in wrong:
        with pytest.raises(TypeError, match=next(iter(one))):
            dataclasses.replace(event, **one)
    with pytest.raises(tieback.InvalidArgumentError, match="timezone"):
        dataclasses.replace(event, timestamp=datetime.datetime(2025, 2, 6))
    with pytest.raises(TypeError, match=r"`data\.x` is of type object"):
        engine.publish(dataclasses.replace(event, data={"x": object()}))
    with pytest.raises(TypeError, match="key of type int"):
        engine.publish(dataclasses.replace(event, data={1: 2}))
    with pytest.raises(TypeError, match=r"tieback\.Event"):
        engine.publish({"resource_name": "RFIs"})  # type: ignore[arg-type]


def test_value_that_contains_itself_is_refused(engine: tieback.Engine, event: tieback.Event) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(tieback.InvalidArgumentError, match="deeper"):
        engine.publish(dataclasses.replace(event, data=endless))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"connect_timeout": 0}, "connect_timeout"),
        ({"response_timeout": -1}, "response_timeout"),
        ({"backoff_min": math.inf}, "backoff_min"),
        ({"backoff_max": 0.5}, "backoff_max"),
        ({"give_up_after": math.nan}, "give_up_after"),
        ({"give_up_after": 10**400}, "give_up_after"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_attempts": -1}, "max_attempts"),
        ({"max_in_flight": 257}, "max_in_flight"),
        ({"max_in_flight": "8"}, "max_in_flight"),
        ({"jitter": 1.5}, "jitter"),
        ({"honor_retry_after": 1}, "honor_retry_after"),
        ({"retention": 0}, "retention"),
        ({"max_queued_per_hook": 0}, "max_queued_per_hook"),
        ({"max_queued": 2**32}, "max_queued"),
        ({"max_attempts_in_flight": 0}, "max_attempts_in_flight"),
        ({"max_idle_connections": 65_536}, "max_idle_connections"),
        ({"retention": -1}, "retention"),
    ],
)
def test_options_that_make_no_sense_are_refused(path: pathlib.Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(tieback.InvalidArgumentError, match=said) as caught:
        tieback.open(path, **wrong)
    assert caught.value.operation in ("open", None)
    assert not path.exists()


def test_options_of_other_types_are_refused(path: pathlib.Path, engine: tieback.Engine) -> None:
    for wrong in ({"connect_timeout": "5"}, {"backoff_min": True}, {"danger_allow_http": 1}, {"catalogue": 5}):
        with pytest.raises(TypeError, match=next(iter(wrong))):
            tieback.open(path, **wrong)
    with pytest.raises(TypeError):
        tieback.open(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="path is of type bytes"):
        tieback.open(b"hooks.db")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="timeout"):
        engine.run_until_idle(timeout="5")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="wait_paused"):
        engine.run_until_idle(timeout=5, wait_paused=1)  # type: ignore[arg-type]
    for seconds in (-1, math.nan, math.inf, 1e300, 10**400):
        with pytest.raises(tieback.InvalidArgumentError, match="timeout"):
            engine.run_until_idle(timeout=seconds)
        with pytest.raises(tieback.InvalidArgumentError, match="grace"):
            engine.stop(grace=seconds)
        with pytest.raises(tieback.InvalidArgumentError, match="budget"):
            engine.pump(budget=seconds)


def test_page_sizes_are_whole_numbers(engine: tieback.Engine, scope: tieback.Scope) -> None:
    for limit in (-1, 2**32, 1.5, "5"):
        with pytest.raises(tieback.InvalidArgumentError, match="limit"):
            engine.hooks.list(scope, limit=limit)  # type: ignore[arg-type]


def test_ids_that_nothing_has_are_not_found(engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook) -> None:
    for hook_id in (424242, "word"):
        with pytest.raises(tieback.NotFoundError, match=str(hook_id)):
            engine.triggers.list(scope, hook_id)
    for wrong in (-1, 2**63, "", "a b", "\u00e9", "\ud800"):
        with pytest.raises(tieback.InvalidArgumentError, match="hook_id"):
            engine.hooks.show(scope, wrong)


def test_bulk_wants_pairs_and_lists(engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook) -> None:
    with pytest.raises(TypeError, match="pair"):
        engine.triggers.create_many(scope, hook.id, ["RFIs"])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="list of ids"):
        engine.triggers.delete_many(scope, hook.id, "123")


def test_http_and_private_addresses_need_the_danger_switches(
    path: pathlib.Path, scope: tieback.Scope, endpoint: Endpoint
) -> None:
    for switches in ({}, {"danger_allow_http": True}, {"danger_allow_private_addresses": True}):
        with tieback.open(path, **switches) as engine:  # type: ignore[arg-type]
            with pytest.raises(tieback.InvalidArgumentError):
                engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)


def test_networks_certificates_and_proxies_that_make_no_sense_are_refused(path: pathlib.Path) -> None:
    for options, expected in (
        ({"allow_networks": ["10.20.0.0/16", "inside"]}, "inside"),
        ({"extra_ca": "sesame"}, "holds no certificate"),
        ({"extra_ca": pathlib.Path("no/such/ca.pem")}, "no/such/ca.pem"),
        ({"client_certificate": "sesame"}, "needs client_key"),
        ({"client_key": "sesame"}, "needs client_certificate"),
        ({"proxy": "http://user:sesame@127.0.0.1:3128"}, "danger_proxy_resolves"),
        ({"proxy": "ftp://user:sesame@127.0.0.1", "danger_proxy_resolves": True}, "neither http nor https"),
        ({"no_proxy": "intranet"}, "without a proxy"),
        ({"proxy_from_environment": True}, "danger_proxy_resolves"),
    ):
        with pytest.raises(tieback.InvalidArgumentError, match=expected) as raised:
            tieback.open(path, **options)
        assert "sesame" not in str(raised.value)
    for wrong in ({"allow_networks": "10.20.0.0/16"}, {"allow_networks": [10]}, {"extra_ca": 7}, {"proxy": 7}):
        with pytest.raises(TypeError):
            tieback.open(path, **wrong)
    assert not path.exists()
