"""Nothing is forgotten: what the operations and the C header have, the Python package has too."""

from __future__ import annotations

import dataclasses
import inspect
import pathlib
import re

import pytest

import tieback

ROOT = pathlib.Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
HEADER = re.sub(r"/\*.*?\*/", "", (ROOT / "include" / "tieback.h").read_text(encoding="utf-8"), flags=re.DOTALL)

NOUNS: dict[str, type] = {
    "hook": tieback.Hooks,
    "trigger": tieback.Triggers,
    "resource": tieback.Resources,
    "delivery": tieback.Deliveries,
}

# What a Python engine has beside the operations.
OF_ITS_OWN = {"close", "closed", "attempt_limit", "hooks", "triggers", "resources", "deliveries"}

# What a token can end; the rest is short, and runs to its end.
LONG = {"pump", "run_until_idle", "purge", "backup", "check_integrity", "compact"}

# Operations take objects where Python takes their members as keywords.
SPREAD = {"hook", "change", "trigger", "query", "page"}


def operations() -> dict[str, set[str]]:
    """Every operation, with the members of its input."""
    found = re.split(r"^## (\w+)$", OPERATIONS, flags=re.MULTILINE)[1:]
    members = [set(re.findall(r"^- `(\w+)`: ", text, re.MULTILINE)) for text in found[1::2]]
    return dict(zip(found[::2], members, strict=True))


def place(operation: str) -> tuple[type, str]:
    """The class and the method of an operation."""
    noun, _, verb = operation.partition("_")
    return (NOUNS[noun], verb) if noun in NOUNS else (tieback.Engine, operation)


def public(made: type) -> set[str]:
    return {name for name in vars(made) if not name.startswith("_")}


def parameters(function: object) -> set[str]:
    assert callable(function)
    return set(inspect.signature(function).parameters) - {"self"}


def structure(name: str) -> set[str]:
    """The members of an option structure of the header."""
    found = re.search(rf"typedef struct \{{([^}}]*)\}} tieback_{name};", HEADER)
    assert found is not None, name
    return set(re.findall(r"(\w+);", found[1])) - {"struct_size"}


def test_every_operation_is_a_method_and_every_method_an_operation() -> None:
    wanted = {place(operation) for operation in operations()}
    assert len(wanted) > 25
    there = {(made, name) for made in (*NOUNS.values(), tieback.Engine) for name in public(made)}
    assert there - {(tieback.Engine, name) for name in OF_ITS_OWN} == wanted
    assert {"open", "restore"} <= set(tieback.__all__)


@pytest.mark.parametrize(("operation", "members"), operations().items())
def test_methods_take_what_their_operations_take(operation: str, members: set[str]) -> None:
    made, verb = place(operation)
    # Python has seconds where the operations have milliseconds.
    wanted = {member.removesuffix("_ms") for member in members - SPREAD}
    taken = parameters(vars(made)[verb])
    assert ("cancel" in taken) == (operation in LONG)
    taken -= {"cancel"}
    if members & SPREAD:
        assert wanted < taken
    else:
        assert wanted == taken
    if "page" in members:
        assert "limit" in taken


# In Python the loggers `tieback.engine` and `tieback.hook` have them.
LOGGING = {"on_log", "log_level"}

OPEN = {
    "jitter_percent": "jitter",
    "catalogue_csv": "catalogue",
    "catalogue_accept_any": "catalogue",
    "extra_ca_pem": "extra_ca",
    "extra_ca_file": "extra_ca",
    "client_certificate_pem": "client_certificate",
    "client_key_pem": "client_key",
    "proxy_url": "proxy",
}
HEADERS = {name: "destination_headers" for name in ("header_names", "header_values", "header_count", "clear_headers")}
SECRETS = {name: "signing_secrets" for name in ("signing_secret_count", "clear_signing_secrets")}
LIMIT = {name: "rate_limit" for name in ("rate_limit_attempts", "rate_limit_burst", "rate_limit_per_ms")}
HOOK = {"namespace_": "namespace", **HEADERS, **SECRETS, **LIMIT}
# In Python the cursor belongs to the iterator.
LIST = {"namespace_": "namespace", "after": "limit"}
EVENT = {
    "company_id": "scope",
    "project_id": "scope",
    **{f"source_{what}": "metadata" for what in ("user_id", "project_id", "company_id", "operation_id")},
    "source_application_id": "metadata",
    **{f"related_{what}": "related_resources" for what in ("ids", "names", "count")},
    "data_json": "data",
}
# What only keeps room in a structure of C.
ROOM = {"reserved"}


@pytest.mark.parametrize(
    ("name", "function", "others", "besides"),
    [
        ("engine_options", tieback.open, OPEN, set()),
        ("hook_options", tieback.Hooks.create, HOOK, {"scope"}),
        ("hook_change", tieback.Hooks.update, HOOK, {"scope", "hook_id"}),
        ("hook_query", tieback.Hooks.list, LIST, {"scope"}),
        ("delivery_query", tieback.Deliveries.list, LIST, {"scope", "hook_id"}),
        # Not for publishing, but in what is read.
        ("event_options", tieback.Event.__init__, EVENT, {"api_version", "unknown"}),
    ],
)
def test_keywords_are_the_members_of_the_option_structures(
    name: str, function: object, others: dict[str, str], besides: set[str]
) -> None:
    wanted = {others.get(member, member.removesuffix("_ms")) for member in structure(name) - LOGGING - ROOM}
    assert wanted | besides == parameters(function)


MODELS: dict[str, type] = {
    "attempt": tieback.Attempt,
    "delivery": tieback.Delivery,
    "error": tieback.Error,
    "event": tieback.Event,
    "hook": tieback.Hook,
    "idle_report": tieback.IdleReport,
    "notice": tieback.Notice,
    "published": tieback.Published,
    "purged": tieback.Purged,
    "resource": tieback.Resource,
    "stats": tieback.Stats,
    "trigger": tieback.Trigger,
}

# Getters whose field has another name, or that show one part of it.
FIELDS = {
    "error_retry_after_ms": "retry",
    "error_status": "kind",
    "event_company_id": "scope",
    "event_project_id": "scope",
    "event_type": "event_type",
    **{f"event_source_{what}_id": "metadata" for what in ("user", "project", "company", "operation", "application")},
    "event_related_id": "related_resources",
    "event_related_name": "related_resources",
    "event_data_json": "data",
    "event_unknown_json": "unknown",
    "attempt_retry_after_ms": "retry_after",
    "published_hook_id": "hook_ids",
    "hook_rate_limit_attempts": "rate_limit",
    "hook_rate_limit_burst": "rate_limit",
    "hook_rate_limit_per_ms": "rate_limit",
    "resource_deprecated": "deprecated_event_types",
    "hook_header_name": "destination_headers",
    "hook_header_value": "destination_headers",
    "attempt_response_header_name": "response_headers",
    "attempt_response_header_value": "response_headers",
    "stats_oldest_queued_age_ms": "oldest_queued_age",
}
PLURALS = {
    "hook_signing_secret": "signing_secrets",
    "resource_event_type": "event_types",
    "delivery_attempt": "attempts",
}


def getters(noun: str) -> set[str]:
    """The functions of the header that read one thing of this kind."""
    read = re.findall(rf"\btieback_({noun}_\w+)\(const tieback_{noun} \*\w+(?:, \w+ index)?\)", HEADER)
    return {name for name in read if not name.endswith(("_count", "_len", "_free", "_to_json"))} | {
        name.removesuffix("_count") for name in read if name.removesuffix("_count") in PLURALS
    }


@pytest.mark.parametrize(("noun", "model"), MODELS.items())
def test_models_have_what_the_getters_of_c_have(noun: str, model: type) -> None:
    fields = (
        {one.name for one in dataclasses.fields(model)} | public(model)
        if dataclasses.is_dataclass(model)
        else set(inspect.get_annotations(model)) | public(model)
    )
    named = getters(noun)
    assert named, noun
    wanted = {FIELDS.get(name) or PLURALS.get(name) or name.removeprefix(f"{noun}_") for name in named}
    assert wanted <= fields


# What C needs because it has no classes, or what is a function of the package here.
OF_C = {"engine_open", "engine_open_from_json", "engine_options_init", "engine_service", "engine_with_cancel"}
# The defaults are in the documentation of `open`.
OF_C |= {"engine_options_defaults"}


def test_what_engines_do_in_c_they_do_in_python() -> None:
    named = set(re.findall(r"\btieback_(engine_\w+)\(", HEADER)) - OF_C
    assert len(named) > 15
    assert {name.removeprefix("engine_").removesuffix("_ms") for name in named} <= public(tieback.Engine)
