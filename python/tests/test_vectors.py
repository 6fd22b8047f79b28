"""The documented payloads: what is published reaches the endpoint byte for byte as the documentation has it."""

from __future__ import annotations

import datetime
import json
import pathlib
from typing import Any

import pytest

import tieback
from endpoint import Endpoint

FILES = sorted((pathlib.Path(__file__).parents[2] / "tests" / "vectors").glob("*.json"))
RENDERED = [file for file in FILES if "input" in json.loads(file.read_text(encoding="utf-8"))]


def event_of(given: dict[str, Any]) -> tieback.Event:
    ids = {name: given.pop(name) for name in ("company_id", "project_id") if name in given}
    scope = (
        tieback.Scope.project(ids["project_id"], company_id=ids["company_id"])
        if "project_id" in ids
        else tieback.Scope.company(ids["company_id"])
    )
    if "timestamp" in given:
        given["timestamp"] = datetime.datetime.fromisoformat(given["timestamp"].replace("Z", "+00:00"))
    if "metadata" in given:
        given["metadata"] = tieback.Metadata(**given["metadata"])
    related = [tieback.RelatedResource(**one) for one in given.pop("related_resources", [])]
    return tieback.Event(scope=scope, related_resources=related, **given)


def test_every_payload_version_has_a_vector() -> None:
    versions = {json.loads(file.read_text(encoding="utf-8"))["payload_version"] for file in RENDERED}
    assert versions == {"v2.0", "v3.0", "v4.0"}


@pytest.mark.parametrize("file", RENDERED, ids=lambda file: file.stem)
def test_payload_is_the_documented_one(file: pathlib.Path, engine: tieback.Engine, endpoint: Endpoint) -> None:
    vector = json.loads(file.read_text(encoding="utf-8"))
    event = event_of(vector["input"])
    hook = engine.hooks.create(
        event.scope, namespace="n", payload_version=vector["payload_version"], destination_url=endpoint.url
    )
    engine.triggers.create(event.scope, hook.id, resource_name=event.resource_name, event_type=event.event_type)
    assert engine.publish(event).deliveries == 1
    engine.run_until_idle(timeout=30)

    # The samples have no escapes and no numbers that differ from Python's spelling: only white space goes.
    documented = json.dumps(json.loads(vector["payload"]), separators=(",", ":"), ensure_ascii=False).encode()
    (request,) = endpoint.requests
    assert request.body == documented

    (delivery,) = engine.deliveries.list(event.scope, hook.id)
    assert delivery.payload == documented
    said = vector["event"]
    read = delivery.event
    assert (read.id, read.ulid, read.user_id) == (said.get("id"), said.get("ulid"), said.get("user_id"))
    assert (read.resource_name, read.resource_id) == (said["resource_name"], said["resource_id"])
    assert (read.event_type, read.api_version) == (said["event_type"], said.get("api_version"))
    assert (read.scope.company_id, read.scope.project_id) == (said.get("company_id"), said.get("project_id"))
    assert read.timestamp == event.timestamp
    assert (read.metadata, read.related_resources) == (
        tieback.Metadata(**said["metadata"]) if "metadata" in said else None,
        tuple(tieback.RelatedResource(**one) for one in said.get("related_resources", [])),
    )
