"""`python -m services.bidder`."""

import sys

from services.bidder.bootstrap import start
from shared.runtime.service import main

sys.exit(main("bidder", start))
