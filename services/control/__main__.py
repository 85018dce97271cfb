"""python -m services.control"""

import sys

from services.control.bootstrap import start
from shared.runtime.service import main

sys.exit(main("control", start))
