"""``python -m fxstudy`` is the command ``fxstudy``."""

import sys

from fxstudy.cli import main

if __name__ == "__main__":
    sys.exit(main())
