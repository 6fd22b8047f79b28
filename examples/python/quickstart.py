"""From an event to a delivery, on an endpoint at http://127.0.0.1:8099/events that you provide."""

import tieback

engine = tieback.open("hooks.db", danger_allow_http=True, danger_allow_private_addresses=True)
scope = tieback.Scope.company(5358233)  # or Scope.project(9876543, company_id=5358233)
hook = engine.hooks.create(
    scope,
    namespace="acme-invoice-sync",
    payload_version="v2.0",
    destination_url="http://127.0.0.1:8099/events",
    destination_headers={"Authorization": "Bearer ..."},
)
engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
engine.publish(
    tieback.Event(scope=scope, resource_name="Company Users", resource_id=42, event_type="update", user_id=7)
)
engine.run_until_idle(timeout=30, wait_paused=True)
for delivery in engine.deliveries.list(scope, hook.id):
    print(delivery.status, delivery.event.ulid, [a.response_status for a in delivery.attempts])
