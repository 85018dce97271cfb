"""`python -m services.settlement`."""

import sys

from services.settlement.bootstrap import start
from shared.runtime.service import main

sys.exit(main("settlement", start))
