"""`python -m services.discovery`."""

import sys

from services.discovery.bootstrap import start
from shared.runtime.service import main

sys.exit(main("discovery", start))
