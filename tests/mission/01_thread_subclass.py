import threading
import time

class MyThread(threading.Thread):
    def run(self):
        for i in range(5):
            print(f"Thread {threading.current_thread().name} is running")
            time.sleep(1)

# Create thread instance
thread = MyThread()
thread.start()  # Start the thread
thread.join()   # Wait for the thread to finish
