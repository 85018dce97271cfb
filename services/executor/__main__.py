"""`python -m services.executor`: configured by the environment alone."""

import sys

from services.executor.bootstrap import start
from shared.runtime.service import main

if __name__ == "__main__":
    sys.exit(main("executor", start))
