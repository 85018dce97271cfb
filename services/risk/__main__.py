"""`python -m services.risk`."""

import sys

from services.risk.bootstrap import start
from shared.runtime.service import main

sys.exit(main("risk", start))
