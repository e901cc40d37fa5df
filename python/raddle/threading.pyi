# For a type checker the names are the standard library's: every class of ours is a subclass of the
# stock class of the same name, and a program that is typed against one is typed against the other.
from threading import *
from threading import __all__ as __all__

_switched: tuple[tuple[object, object], ...]
_patched: tuple[tuple[type, str, object, object], ...]
