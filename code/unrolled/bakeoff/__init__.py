"""The experiment behind the chapter on choosing: six models, five contests, one budget.

Training all of it takes twenty minutes, so runs.csv keeps the results; `python -m unrolled.bakeoff`
makes it again.
"""
