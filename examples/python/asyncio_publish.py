"""tieback beside asyncio: calls wait in threads, notices come to the loop.

    asyncio_publish.py STORE ENDPOINT_URL
"""

import asyncio
import sys
from collections.abc import Callable

import tieback

SCOPE = tieback.Scope.company(5358233)


async def until_idle(engine: tieback.Engine, timeout: float) -> tieback.IdleReport:
    """Delivers until nothing is to do. When the task is cancelled the thread is, too: asyncio alone leaves it."""
    cancel = tieback.Cancel()
    try:
        return await asyncio.to_thread(engine.run_until_idle, timeout=timeout, wait_paused=True, cancel=cancel)
    finally:
        cancel.request()


def open_engine(store: str, url: str, tell: Callable[[tieback.Notice], object]) -> tieback.Engine:
    """Opens the engine and makes a hook: disk work, not for the loop's own thread."""
    engine = tieback.open(store, danger_allow_http=True, danger_allow_private_addresses=True, on_notice=tell)
    hook = engine.hooks.create(SCOPE, namespace="asyncio", payload_version="v4.0", destination_url=url)
    engine.triggers.create(SCOPE, hook.id, resource_name="Company Users", event_type="update")
    return engine


async def main(store: str, url: str) -> None:
    loop = asyncio.get_running_loop()
    notices: asyncio.Queue[tieback.Notice] = asyncio.Queue()

    def tell(notice: tieback.Notice) -> None:
        # On a thread of the engine's: the loop is told, and nothing is waited for.
        loop.call_soon_threadsafe(notices.put_nowait, notice)

    engine = await asyncio.to_thread(open_engine, store, url, tell)
    try:
        events = [
            tieback.Event(scope=SCOPE, resource_name="Company Users", resource_id=user, event_type="update")
            for user in range(1, 21)
        ]
        # Publishing waits for the disk. Several at once share one sync.
        published = await asyncio.gather(*(asyncio.to_thread(engine.publish, event) for event in events))
        print("published", sum(one.deliveries for one in published))
        await until_idle(engine, timeout=30)
        print("delivered", (await asyncio.to_thread(engine.stats)).delivered)
        while not notices.empty():
            notice = await notices.get()
            print(notice.kind, notice.reason or "")
    finally:
        await asyncio.to_thread(engine.close)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
