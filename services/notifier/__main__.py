"""python -m services.notifier"""

import sys

from services.notifier.bootstrap import start
from shared.runtime.service import main

sys.exit(main("notifier", start))
