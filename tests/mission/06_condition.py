import threading

condition = threading.Condition()

def thread_task():
    with condition:
        print(f"Thread {threading.current_thread().name} is waiting")
        condition.wait()  # Wait for a signal
        print(f"Thread {threading.current_thread().name} is resumed")

def notifier():
    with condition:
        print("Main thread is notifying")
        condition.notify_all()  # Notify all waiting threads

# Create and start threads
threads = []
for _ in range(2):
    thread = threading.Thread(target=thread_task)
    thread.start()
    threads.append(thread)

# Notify all threads to continue
notifier()

for thread in threads:
    thread.join()  # Wait for all threads to finish
