# The only worker waits for a task behind itself in the queue, but not for ever.
from concurrent.futures import ThreadPoolExecutor


def outer():
    inner = pool.submit(pow, 2, 3)
    try:
        inner.result(timeout=5)
    except TimeoutError:
        return "gave up"


with ThreadPoolExecutor(max_workers=1) as pool:
    assert pool.submit(outer).result() == "gave up"
