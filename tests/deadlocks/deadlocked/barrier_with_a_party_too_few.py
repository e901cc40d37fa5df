# all_asleep, 3 parties: meeting
import threading

meeting = threading.Barrier(3)
threads = [threading.Thread(target=meeting.wait) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
