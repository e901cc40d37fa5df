"""What the start-up hook runs: switches the process before the program begins.

The interpreter imports this module from `raddle_install.pth`, while it starts, when the variable
RADDLE_INSTALL is set. It must not import `threading`, whose importer would then be the main thread
for the interpreter: the modules are switched when the program imports them.

RADDLE_INSTALL is `1` for this process and the interpreters that it starts, and `once` for this
process alone. With RADDLE_INSPECT set, other processes may look at the process from then on.
"""

import os

from raddle import install, installed

if os.environ.get("RADDLE_INSTALL") == "once":
    del os.environ["RADDLE_INSTALL"]

install()

# Imported only where it is asked for; and not in an interpreter that is not the main one, where nothing is switched.
if "RADDLE_INSPECT" in os.environ and installed():
    from raddle import _inspect

    _inspect.begin()

    if "RADDLE_INSTALL" not in os.environ:
        del os.environ[_inspect.INSPECT]
