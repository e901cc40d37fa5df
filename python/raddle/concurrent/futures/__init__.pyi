# For a type checker the names are the standard library's: every class of ours is a subclass of the
# stock class of the same name, and a program that is typed against one is typed against the other.
from concurrent.futures import *
from concurrent.futures import __all__ as __all__

from raddle.concurrent.futures import thread as thread

_switched: tuple[tuple[object, object], ...]
