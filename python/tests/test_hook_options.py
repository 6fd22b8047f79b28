"""What a hook may have beside its destination: signing secrets and a rate limit."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest

import tieback
from endpoint import Endpoint, Request

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
LIMIT = tieback.RateLimit(attempts=1, per=10)


def sent(request: Request, name: str) -> str:
    (value,) = (value for other, value in request.headers.items() if other.lower() == name)
    return value


def signature(request: Request, secret: str) -> str:
    """As the specification says it, with Python's own HMAC."""
    signed = f"{sent(request, 'webhook-id')}.{sent(request, 'webhook-timestamp')}.".encode() + request.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def deliver(engine: tieback.Engine, event: tieback.Event, endpoint: Endpoint) -> Request:
    before = len(endpoint.requests)
    engine.publish(event)
    engine.run_until_idle(timeout=30)
    (request,) = endpoint.requests[before:]
    return request


def test_deliveries_are_signed_with_each_secret_until_there_is_none(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event, endpoint: Endpoint
) -> None:
    for secrets in ([OLD], [NEW, OLD], [NEW]):
        changed = engine.hooks.update(scope, hook.id, signing_secrets=secrets)
        assert changed.signing_secrets == tuple("*****" + secret[-5:] for secret in secrets)
        request = deliver(engine, event, endpoint)
        assert sent(request, "webhook-signature").split(" ") == [signature(request, secret) for secret in secrets]
        newest = next(engine.deliveries.list(scope, hook.id))
        assert sent(request, "webhook-id") == newest.event.ulid
        assert abs(int(sent(request, "webhook-timestamp")) - time.time()) < 60
    assert engine.hooks.update(scope, hook.id, signing_secrets=[]).signing_secrets == ()
    request = deliver(engine, event, endpoint)
    assert not [name for name in request.headers if name.lower().startswith("webhook-")]


def test_a_hook_is_created_with_both_and_shows_neither_secret(
    engine: tieback.Engine, scope: tieback.Scope
) -> None:
    hook = engine.hooks.create(
        scope,
        namespace="signed",
        payload_version="v4.0",
        destination_url="https://example.com/",
        signing_secrets=(OLD,),
        rate_limit=tieback.RateLimit(attempts=10, per=0.5, burst=3),
    )
    assert hook.signing_secrets == ("*****aLaSw",)
    assert hook.rate_limit == tieback.RateLimit(attempts=10, per=0.5, burst=3)
    assert engine.hooks.show(scope, hook.id) == hook
    assert "MfKQ" not in repr(hook)


def test_a_rate_limit_is_changed_and_taken_away(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    assert hook.rate_limit is None
    assert engine.hooks.update(scope, hook.id, rate_limit=LIMIT).rate_limit == LIMIT
    assert engine.hooks.update(scope, hook.id, namespace="other").rate_limit == LIMIT
    assert engine.hooks.update(scope, hook.id, clear_rate_limit=True).rate_limit is None
    with pytest.raises(tieback.InvalidArgumentError, match="clear_rate_limit"):
        engine.hooks.update(scope, hook.id, rate_limit=LIMIT, clear_rate_limit=True)


def test_attempts_keep_to_the_rate_limit(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event, endpoint: Endpoint
) -> None:
    engine.hooks.update(scope, hook.id, rate_limit=tieback.RateLimit(attempts=10, per=1))
    engine.publish_many([event] * 6)
    begun = time.monotonic()
    report = engine.run_until_idle(timeout=30)
    assert report.idle and report.attempts == 6
    assert time.monotonic() - begun >= 0.5, "five intervals of a tenth of a second"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"signing_secrets": ["sesame"]}, "signing secret 1: .*whsec_"),
        ({"signing_secrets": [OLD, "whsec_sesame=="]}, "signing secret 2: .*base64"),
        ({"signing_secrets": [OLD, OLD]}, "1 and 2 are the same"),
        ({"signing_secrets": ["*****aLaSw"]}, "a mask"),
        ({"rate_limit": tieback.RateLimit(attempts=0, per=1)}, "0 attempts"),
        ({"rate_limit": tieback.RateLimit(attempts=-1, per=1)}, "rate_limit.attempts"),
        ({"rate_limit": tieback.RateLimit(attempts=1, per=0)}, "per 0ns"),
        ({"rate_limit": tieback.RateLimit(attempts=1, per=90000)}, "per 90000s"),
        ({"rate_limit": tieback.RateLimit(attempts=1, per=1, burst=2)}, "burst of 2"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, wrong: dict[str, object], said: str
) -> None:
    with pytest.raises(tieback.InvalidArgumentError, match=said) as caught:
        engine.hooks.update(scope, hook.id, **wrong)  # type: ignore[arg-type]
    assert "sesame" not in str(caught.value) and "MfKQ" not in str(caught.value)
    assert engine.hooks.show(scope, hook.id).updated_at == hook.updated_at


def test_options_of_other_types_are_refused(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    for wrong in (
        {"signing_secrets": OLD},
        {"signing_secrets": [7]},
        {"rate_limit": 10},
        {"rate_limit": {"attempts": 1, "per_ms": 1}},
        {"rate_limit": tieback.RateLimit(attempts=1.5, per=1)},  # type: ignore[arg-type]
        {"rate_limit": tieback.RateLimit(attempts=1, per="1")},  # type: ignore[arg-type]
        {"clear_rate_limit": 1},
    ):
        with pytest.raises(TypeError, match=next(iter(wrong)).split(".")[0]):
            engine.hooks.update(scope, hook.id, **wrong)


def test_a_header_that_the_signature_uses_is_refused(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    with pytest.raises(tieback.InvalidArgumentError, match="`Webhook-Id`"):
        engine.hooks.update(
            scope, hook.id, signing_secrets=[OLD], destination_headers={"Webhook-Id": "mine-0123456789"}
        )
