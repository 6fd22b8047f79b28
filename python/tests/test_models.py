"""The models: frozen, equal by value, picklable."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import inspect
import multiprocessing
import pickle

import pytest

import tieback
from conftest import SECRET
from delivering import seen
from endpoint import DEADLINE, Endpoint

MODELS = [
    tieback.Attempt,
    tieback.Delivery,
    tieback.Event,
    tieback.Finding,
    tieback.Hook,
    tieback.IdleReport,
    tieback.IntegrityReport,
    tieback.Metadata,
    tieback.Notice,
    tieback.Published,
    tieback.Purged,
    tieback.RateLimit,
    tieback.RelatedResource,
    tieback.Resource,
    tieback.Restored,
    tieback.RestoredLane,
    tieback.Scope,
    tieback.Stats,
    tieback.Trigger,
]


def test_every_dataclass_that_is_public_is_one_of_the_models() -> None:
    public = {name for name in tieback.__all__ if dataclasses.is_dataclass(getattr(tieback, name))}
    assert public == {model.__name__ for model in MODELS}


@pytest.mark.parametrize("model", MODELS)
def test_models_are_frozen_slotted_and_documented(model: type) -> None:
    parameters = model.__dataclass_params__  # type: ignore[attr-defined]
    assert parameters.frozen and parameters.eq
    assert "__slots__" in vars(model)
    assert inspect.getdoc(model)
    assert model.__module__ == "tieback"


def everything(engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event) -> list[object]:
    scope = event.scope
    full = dataclasses.replace(
        event,
        timestamp=datetime.datetime.now(datetime.timezone.utc),
        metadata=tieback.Metadata(source_user_id=7, source_operation_id="op"),
        related_resources=(tieback.RelatedResource(id=1, name="RFIs"),),
        data={"a": [1]},
    )
    endpoint.refuse(1)
    published = engine.publish(full)
    report = engine.run_until_idle(timeout=DEADLINE, wait_paused=True)
    (delivery,) = engine.deliveries.list(scope, hook.id)
    return [
        *(scope, tieback.Scope.project(1, company_id=2), full, full.metadata, full.related_resources[0], published),
        *(report, delivery, delivery.attempts[0], hook, next(engine.triggers.list(scope, hook.id)), engine.stats()),
        *(next(engine.resources.list(scope)), engine.notices()[0], engine.purge(), engine.check_integrity()),
        tieback.RateLimit(attempts=1, per=10),
        *(tieback.Finding(check="lanes", message="hook 1 has no lane"), tieback.RestoredLane(hook_id="1", queued=2)),
        tieback.Restored(backed_up_at=None, queued=0, lanes=(), replaced=None),
    ]


def test_models_survive_pickle_and_copy(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    made = everything(engine, endpoint, hook, event)
    assert {type(one) for one in made} == set(MODELS)
    for one in made:
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(one, protocol)) == one
        assert copy.copy(one) == copy.deepcopy(one) == one
        # Equal ones have one hash, so they can be in sets and keys of dicts.
        assert len({one, copy.deepcopy(one)}) == 1
        assert repr(one).startswith(type(one).__name__ + "(")
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, dataclasses.fields(one)[0].name, None)  # type: ignore[arg-type]


def test_models_go_to_another_process_and_come_back(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    made = everything(engine, endpoint, hook, event)
    for method in {"spawn", "forkserver"} & set(multiprocessing.get_all_start_methods()):
        with multiprocessing.get_context(method).Pool(1) as pool:
            back = pool.apply_async(seen, (made,)).get(DEADLINE)
        assert back == (made, [repr(one) for one in made])


def test_what_is_shown_has_no_secret(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    token = SECRET.removeprefix("Bearer ")
    for one in (*everything(engine, endpoint, hook, event), engine, engine.hooks):
        assert token not in repr(one)
        if dataclasses.is_dataclass(one) and not isinstance(one, type):
            assert token not in str(dataclasses.asdict(one))


def test_ids_are_texts_however_they_were_given() -> None:
    assert tieback.Scope.company(5) == tieback.Scope.company("5") == tieback.Scope(company_id=5)
    assert len({tieback.Scope.company(5), tieback.Scope.company("5")}) == 1
    assert (tieback.Scope.company(5).level, tieback.Scope.project(5).level) == ("company", "project")
    assert tieback.Scope.project(5) == tieback.Scope(project_id="5") != tieback.Scope.project(5, company_id=1)
    assert tieback.RelatedResource(id=1, name="RFIs") == tieback.RelatedResource(id="1", name="RFIs")
    assert tieback.Metadata(source_user_id=1) == tieback.Metadata(source_user_id="1")
