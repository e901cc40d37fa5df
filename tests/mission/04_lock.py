import threading

lock = threading.Lock()

def thread_task():
    with lock:
        print(f"Thread {threading.current_thread().name} is accessing the shared resource")

# Create threads
threads = []
for _ in range(3):
    thread = threading.Thread(target=thread_task)
    thread.start()
    threads.append(thread)

for thread in threads:
    thread.join()  # Wait for all threads to finish
