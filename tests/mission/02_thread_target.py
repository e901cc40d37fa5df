import threading
import time

def worker():
    for i in range(5):
        print(f"Thread {threading.current_thread().name} is working")
        time.sleep(1)

# Create thread instance
thread = threading.Thread(target=worker)
thread.start()  # Start the thread
thread.join()   # Wait for the thread to finish
