"""Valid calls of `unrolled.char_lstm` and `unrolled.bakeoff`."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from calls_models import language, rng
from registry import valid

from unrolled.bakeoff import experiment
from unrolled.bakeoff.models import MODELS
from unrolled.bakeoff.problems import CONTESTS
from unrolled.datasets import tasks

FOLDER = Path(tempfile.mkdtemp())


@valid("char_lstm.intervene.run", whole=("model",))
def _():
    x = torch.tensor([[0, 1], [2, 3], [1, 1]])
    state = (torch.zeros(2, 4), torch.ones(2, 4))
    return {"model": language(), "x": x, "state": state, "change": lambda t, c: c}


@valid("char_lstm.intervene.write", whole=("model",), also=("vocabulary", "text"))
def _():
    options = {"N": 2, "change": lambda t, c: c}
    return {"model": language(), "prompt": "he", "length": 3, "rng": torch.Generator()} | options


@valid("char_lstm.unread.unread")
def _():
    return {"L": 10}


@valid("char_lstm.unread.places", nan=True, infinite=True)
def _():
    return {"values": columns(3, 11, 2)}


@valid("char_lstm.unread.states", whole=("model",))
def _():
    return {"model": language(), "x": torch.tensor([[0, 1], [2, 3], [1, 1]])}


@valid("char_lstm.networks.plain")
def _():
    return {"text": "naïve"}


@valid("char_lstm.networks.untrained", "char_lstm.networks.training_text")
def _():
    return {"seed": 0}


@valid("char_lstm.networks.load")
def _():
    return {"seed": 0, "steps": 100}


def columns(*shape):
    return rng().normal(size=shape)


@valid("char_lstm.probing.ranks")
def _():
    return {"scores": columns(6, 2)}


@valid("char_lstm.probing.auc", nan=True)
def _():
    return {"scores": columns(6, 2), "labels": columns(6, 3) > 0}


@valid("char_lstm.probing.auc_of_ranks", nan=True, infinite=True)  # of numbers that are no ranks
def _():
    return {"ranked": columns(6, 2), "labels": columns(6, 3) > 0}


@valid("char_lstm.probing.correlation")
def _():
    return {"scores": columns(6, 2), "values": columns(6, 3)}


@valid("char_lstm.probing.fit_probe")
def _():
    return {"X": columns(6, 2), "y": columns(6), "ridge": 1.0}


@valid("char_lstm.source_labels.source_labels")
def _():
    return {"text": "x = [1, 'a']  # so\n"}


@valid("bakeoff.problems.last")
def _():
    return {"task": tasks.parity}


@valid("bakeoff.problems.withheld_parity", "bakeoff.problems.activity")
def _():
    return {"T": 8, "N": 2, "rng": rng(), "part": "testing"}


@valid("bakeoff.problems.word")
def _():
    return {"T": 16, "N": 2, "rng": rng(), "part": "testing"}


@valid("bakeoff.problems.lexicon")
def _():
    return {}


@valid("bakeoff.experiment.width", whole=("kind", "contest"))
def _():
    return {"kind": MODELS["RNN"], "contest": CONTESTS["gap"], "budget": 200}


def some_run(rate=0.1):
    common = {"contest": "gap", "model": "RNN", "H": 2, "parameters": 20}
    return experiment.Run(**common, rate=rate, seed=0, learnt=0, halfway=0.5, end=0.5, accuracy=0.9)


@valid("bakeoff.experiment.rounded")
def _():
    return {"shares": np.array([0.12345, 0.5])}


@valid("bakeoff.experiment.choose", whole=("trials",))
def _():
    return {"trials": [some_run(), some_run(0.01)]}


@valid("bakeoff.experiment.further", whole=("table",))
def _():
    return {"contest": "gap", "model": "RNN", "table": [some_run()]}


@valid("bakeoff.experiment.taking_part")
def _():
    return {"contest": "gap"}


@valid("bakeoff.experiment.base", whole=("run",))
def _():
    return {"run": some_run()}


@valid("bakeoff.experiment.save", whole=("runs",))
def _():
    return {"runs": [some_run()], "file": FOLDER / "runs.csv"}


@valid("bakeoff.experiment.load")
def _():
    return {"file": experiment.FILE}
