import threading

semaphore = threading.Semaphore(2)  # Allow only 2 threads to access the resource simultaneously

def thread_task():
    with semaphore:
        print(f"Thread {threading.current_thread().name} is accessing the shared resource")

threads = []
for _ in range(5):
    thread = threading.Thread(target=thread_task)
    thread.start()
    threads.append(thread)

for thread in threads:
    thread.join()  # Wait for all threads to finish
