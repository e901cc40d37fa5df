import asyncio
import threading
import time


async def main():
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(loop.run_in_executor(None, time.sleep, 0.2) for _ in range(6)))
    event = threading.Event()
    loop.call_later(0.6, event.set)
    await asyncio.to_thread(event.wait)


asyncio.run(main())
