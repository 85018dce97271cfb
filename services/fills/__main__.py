"""`python -m services.fills`: configured by the environment alone."""

import sys

from services.fills.bootstrap import start
from shared.runtime.service import main

if __name__ == "__main__":
    sys.exit(main("fills", start))
