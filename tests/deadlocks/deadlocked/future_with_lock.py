# probable, 2 parties: state report
# works
import threading
from concurrent.futures import ThreadPoolExecutor


def summarise():
    with state:
        return "all is well"


state = threading.Lock()
with ThreadPoolExecutor(max_workers=4) as pool, state:
    report = pool.submit(summarise)
    report.result()
