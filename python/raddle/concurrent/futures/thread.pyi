# For a type checker the names are the standard library's, as in the package.
from concurrent.futures.thread import *

_switched: tuple[tuple[object, object], ...]
