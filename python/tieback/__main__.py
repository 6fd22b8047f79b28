"""`python -m tieback`: the command, where the console script is not on the path."""

import sys

from ._command import main

if __name__ == "__main__":
    sys.exit(main())
