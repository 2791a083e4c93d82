"""Train every model again and write runs.csv: forty minutes of one core.

With names of contests behind it, the command trains what belongs to these and keeps the rest.
"""

import sys

from unrolled.bakeoff.experiment import again, save

save(again(sys.argv[1:]))
