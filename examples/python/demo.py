"""Hooks, triggers, events and deliveries on an embedded store, from Python.

    demo.py STORE ENDPOINT_URL EVENTS_JSONL
"""

import datetime
import json
import sys
from typing import Any

import tieback

TOKEN = "Bearer demo-endpoint-token"
PROJECT = tieback.Scope.project(2468013579, company_id=1357908642)
OTHER_PROJECT = tieback.Scope.project(6778, company_id=8)
COMPANY = tieback.Scope.company(1357908642)
LINE_ITEMS = "Direct Cost Line Items"
PROJECT_TRIGGERS = [
    ("RFIs", "update"),
    ("RFIs", "delete"),
    (LINE_ITEMS, "update"),
    ("Purchase Order Contract Line Items", "create"),
]

# Scope, namespace, payload version, path at the endpoint, triggers.
HOOKS = [
    (PROJECT, "demo-v2", "v2.0", "/v2", PROJECT_TRIGGERS),
    (PROJECT, "demo-v3", "v3.0", "/v3", PROJECT_TRIGGERS),
    (OTHER_PROJECT, "demo-v4", "v4.0", "/v4", [(LINE_ITEMS, "create"), (LINE_ITEMS, "update")]),
    (COMPANY, "demo-users", "v4.0", "/users", [("Company Users", "update"), ("Company Vendors", "create")]),
]


def event_of(line: str) -> tieback.Event:
    given: dict[str, Any] = json.loads(line)
    project, company = given.pop("project_id", None), int(given.pop("company_id"))
    scope = tieback.Scope.project(int(project), company_id=company) if project else tieback.Scope.company(company)
    if "timestamp" in given:
        given["timestamp"] = datetime.datetime.fromisoformat(given["timestamp"].replace("Z", "+00:00"))
    if "metadata" in given:
        given["metadata"] = tieback.Metadata(**given["metadata"])
    related = given.pop("related_resources", [])
    parents = tuple(tieback.RelatedResource(**one) for one in related)
    return tieback.Event(scope=scope, related_resources=parents, **given)


def main() -> None:
    store, url, events = sys.argv[1:]
    with tieback.open(store, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
        print("hooks")
        print(f"  {'hook':>4}  {'namespace':<10}  {'payload':<7}  {'path':<6}  {'Authorization':<13}  {'triggers':>8}")
        hooks = []
        for scope, namespace, version, path, triggers in HOOKS:
            hook = engine.hooks.create(
                scope,
                namespace=namespace,
                payload_version=version,
                destination_url=url + path,
                destination_headers={"Authorization": TOKEN},
            )
            created = engine.triggers.create_many(scope, hook.id, triggers)
            authorization = hook.destination_headers["Authorization"]
            print(
                f"  {hook.id:>4}  {namespace:<10}  {version:<7}  {path:<6}  {authorization:<13}  {len(created):>8}"
            )
            hooks.append((scope, hook))

        print("events")
        print(f"  {'ulid':<26}  {'deliveries':>10}")
        with open(events, encoding="utf-8") as lines:
            for line in lines:
                published = engine.publish(event_of(line))
                why = "published before" if published.duplicate else published.no_delivery or ""
                print(f"  {published.ulid:<26}  {published.deliveries:>10}  {why}")

        report = engine.run_until_idle(timeout=60, wait_paused=True)
        print(f"delivered: {report.attempts} attempts, idle: {'yes' if report.idle else 'no'}")

        print("notices")
        print(f"  {'hook':>4}  {'lane':<8}  reason")
        for notice in engine.notices():
            print(f"  {notice.hook_id:>4}  {notice.kind:<8}  {notice.reason or ''}")

        print("deliveries, newest first")
        print(f"  {'hook':>4}  {'delivery':>8}  {'status':<9}  {'resource':<34}  {'event':<6}  answers")
        for scope, hook in hooks:
            for delivery in engine.deliveries.list(scope, hook.id):
                event = delivery.event
                answers = " ".join(str(a.response_status or a.response_error) for a in delivery.attempts)
                print(
                    f"  {hook.id:>4}  {delivery.id:>8}  {delivery.status:<9}  {event.resource_name:<34}"
                    f"  {event.event_type:<6}  {answers}"
                )
        print(f"still queued: {engine.stats().queued}")


if __name__ == "__main__":
    main()
