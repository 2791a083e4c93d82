"""Train every model in every contest again and write runs.csv: twenty minutes of one core."""

from unrolled.bakeoff.experiment import everything, save

save(everything())
