from concurrent.futures import ThreadPoolExecutor
import time

def worker(n):
    print(f"Thread {n} is working")
    time.sleep(1)
    print(f"Thread {n} is done")

# Create a thread pool
with ThreadPoolExecutor(max_workers=3) as executor:
    for i in range(5):
        executor.submit(worker, i)
