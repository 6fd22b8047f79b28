"""What the tests share: an endpoint, an engine whose waits are short, a hook on a company."""

from __future__ import annotations

import os
import pathlib
import shutil
from collections.abc import Iterator

import pytest

import tieback
from endpoint import Endpoint

SOURCE = pathlib.Path(__file__).parents[1] / "tieback"

SECRET = "Bearer a-secret-that-is-never-shown-12345"

if pathlib.Path(tieback.__file__).is_relative_to(SOURCE):
    raise pytest.UsageError("this is the source folder, not the built module: run pytest from elsewhere than python/")


def tool(name: str, what: str) -> str:
    """Where a tool is that a user's machine may lack. The build machine has them all."""
    found = shutil.which(name)
    if found is not None:
        return found
    if os.environ.get("TIEBACK_CI"):
        pytest.fail(f"{name} is missing: {what}")
    if skipped := os.environ.get("TIEBACK_SKIPPED"):
        with open(skipped, "a", encoding="utf-8") as list_of_all:
            print(f"{name} ({what})", file=list_of_all)
    pytest.skip(f"{name} is missing: {what}")


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    """Where a store can be made."""
    return tmp_path / "hooks.db"


@pytest.fixture
def engine(path: pathlib.Path) -> Iterator[tieback.Engine]:
    """An engine that tries again after 20 ms."""
    with tieback.open(
        path, backoff_min=0.02, danger_allow_http=True, danger_allow_private_addresses=True
    ) as engine:
        yield engine


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A loopback endpoint."""
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def scope() -> tieback.Scope:
    """A company."""
    return tieback.Scope.company(5358233)


@pytest.fixture
def hook(engine: tieback.Engine, endpoint: Endpoint, scope: tieback.Scope) -> tieback.Hook:
    """A hook to the endpoint, with a trigger for updates of company users."""
    hook = engine.hooks.create(
        scope,
        namespace="acme-invoice-sync",
        payload_version="v2.0",
        destination_url=endpoint.url,
        destination_headers={"Authorization": SECRET},
    )
    engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
    return hook


@pytest.fixture
def event(scope: tieback.Scope) -> tieback.Event:
    """An update of a company user."""
    return tieback.Event(
        scope=scope, resource_name="Company Users", resource_id=42, event_type="update", user_id=7
    )
