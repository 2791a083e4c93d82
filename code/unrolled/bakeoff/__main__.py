"""Train every model again and write runs.csv: about an hour of one core.

With names of contests behind it, the command trains what belongs to these and keeps the rest. With
the word `missing` it trains only the models that the file does not have yet.
"""

import sys

from unrolled.bakeoff.experiment import CONTESTS, again, everything, load, save

missing = sys.argv[1:] == ["missing"]
save(everything(CONTESTS, load()) if missing else again(sys.argv[1:]))
