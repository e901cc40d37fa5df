"""`python -m raddle`: the command line under the name of the package."""

import sys

from raddle._cli.main import main

if __name__ == "__main__":
    sys.exit(main())
