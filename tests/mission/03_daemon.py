import threading
import time

def background_task():
    print("Daemon thread is running")
    time.sleep(2)
    print("Daemon thread is done")

# Create a daemon thread
daemon_thread = threading.Thread(target=background_task)
daemon_thread.daemon = True  # Mark the thread as a daemon
daemon_thread.start()

print("Main thread is exiting")  # Main thread exits, daemon thread will be killed
