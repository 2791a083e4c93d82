"""The experiment behind the chapter on choosing: ten models, six contests, one budget.

problems.py says what is to be learnt, models.py and blocks.py by what, batched.py and
side_by_side.py train many networks at once, and experiment.py says who is trained on what. Training
all of it takes about an hour, so runs.csv keeps the results; `python -m unrolled.bakeoff` makes it
again.

recall.py is another contest, of the part on recurrence: recall against the size of the state. Its
results are in recall.csv, and `python -m unrolled.bakeoff.recall` makes them again.
"""
