import threading

rlock = threading.RLock()

def thread_task():
    with rlock:
        print(f"Thread {threading.current_thread().name} has entered the critical section")
        with rlock:
            print(f"Thread {threading.current_thread().name} has re-entered the critical section")

thread = threading.Thread(target=thread_task)
thread.start()
thread.join()
