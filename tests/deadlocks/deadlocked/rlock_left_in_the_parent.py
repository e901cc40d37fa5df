# certain, 1 party: shared
# The report comes from the child.
import os
import sys
import threading

shared = threading.RLock()
held, forked = threading.Event(), threading.Event()


def hold():
    with shared:
        held.set()
        forked.wait()


thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    with shared:
        pass
    os._exit(0)
forked.set()
thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
