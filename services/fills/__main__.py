"""python -m services.fills"""

import sys

from services.fills.bootstrap import start
from shared.runtime.service import main

sys.exit(main("fills", start))
