"""Five character LSTMs trained on the standard library, kept in trained.npz.

Training them takes a quarter of an hour, so the page that looks into them loads them. The file was
made, and can be made again, by `python -m unrolled.char_lstm`. They were trained on the modules
whose names come before "s"; the others are text that they have not seen, on any version of Python.
"""

import hashlib
import json
import platform
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from unrolled import checks
from unrolled.datasets.corpus import modules
from unrolled.datasets.text import Vocabulary, segments, streams
from unrolled.models.language_model import LanguageModel
from unrolled.models.tensors import check_model
from unrolled.models.training import History, train

FILE = Path(__file__).parent / "trained.npz"
UNKNOWN = "\N{REPLACEMENT CHARACTER}"  # stands for every character that is not ASCII
VOCABULARY = Vocabulary("\n" + "".join(map(chr, range(32, 127))) + UNKNOWN)
SEEDS = (0, 1, 2, 3, 4)
H, T, N, STEPS = 128, 100, 64, 2400
STAGES = (0, 100, 400, STEPS)  # updates after which the first network is kept as well
SETTINGS = {"H": H, "T": T, "N": N, "steps": STEPS, "learning_rate": 0.01, "clip": 1.0}


def plain(text: str) -> str:
    """The text, as long as it was, in the characters that the networks know."""
    checks.text(text=text)
    return "".join(c if c in VOCABULARY.index else UNKNOWN for c in text)


def library(read: bool) -> dict[str, str]:
    """Name -> text of the modules that the networks have read, or of those that they have not."""
    return {name: text for name, text in modules() if (name < "s") == read}


def untrained(seed: int) -> LanguageModel:
    """The network before its first update."""
    checks.whole(seed=seed)
    with torch.random.fork_rng():  # the caller's random numbers go on as if nothing had been drawn
        torch.manual_seed(seed)
        return LanguageModel(VOCABULARY, H=H)


def load(seed: int, steps: int = STEPS) -> LanguageModel:
    """The network of a seed after its training, or the first one (seed 0) at one of STAGES."""
    checks.whole(seed=seed, steps=steps)
    model = untrained(seed)
    if steps == 0:
        return model
    with np.load(FILE) as file:
        names = {name: f"{seed}/{steps}/{name}" for name in model.state_dict()}
        if missing := set(names.values()) - set(file):
            raise ValueError(
                f"seed, steps: {FILE.name} keeps no network of seed {seed} after {steps}: {missing}"
            )
        weights = {name: torch.as_tensor(file[key]).float() for name, key in names.items()}
    model.load_state_dict(weights)
    return model


def fit(model: LanguageModel, text: str, steps: int = STEPS, **measuring) -> History:
    """Read the text in N places at once, carrying the state from one segment to the next."""
    check_model(model, LanguageModel)
    options = {name: SETTINGS[name] for name in ("learning_rate", "clip")}
    columns = streams(VOCABULARY.encode(plain(text)), N)
    batches = (batch for _ in count() for batch in segments(columns, T))
    return train(model, batches, _carrying(), steps=steps, decay=0.5, **options, **measuring)


def training_text(seed: int) -> str:
    """The modules to be read, one after the other, in an order that differs from seed to seed."""
    checks.whole(seed=seed)
    texts = list(library(read=True).values())
    np.random.default_rng(seed).shuffle(texts)
    return "".join(texts)


def _carrying() -> Callable[[LanguageModel, Tensor, Tensor], Tensor]:
    """A loss that begins each segment with the state at the end of the last, without gradient."""
    state = None

    def loss(model: LanguageModel, x: Tensor, y: Tensor) -> Tensor:
        nonlocal state
        u, after = model(x, state)
        state = tuple(part.detach() for part in after)
        return nn.functional.cross_entropy(u.flatten(0, 1), y.flatten())

    return loss


def make(steps: int = STEPS, seeds: tuple[int, ...] = SEEDS) -> Iterator[tuple[str, ndarray]]:
    """What the file keeps: settings, losses, and the weights as half precision numbers."""
    checks.whole(1, steps=steps)
    checks.kind("a list of seeds", list | tuple, seeds=seeds)
    checks.whole(1, **{"number of seeds": len(seeds)})
    text = training_text(seeds[0])
    origin = {"python": platform.python_version(), "sha256": _digest(text)}
    yield "settings", np.array(json.dumps(SETTINGS | origin))
    for seed in seeds:
        model = untrained(seed)

        def weights(model=model):
            return {name: w.half().numpy() for name, w in model.state_dict().items()}

        history = fit(model, training_text(seed), steps, measure=weights, every=100)
        print(f"seed {seed}: {history.seconds:.0f} s, loss {np.mean(history.loss[-100:]):.3f}")
        yield f"{seed}/loss", np.array(history.loss, np.float32)
        for stage in {steps, *STAGES[1:]} if seed == seeds[0] else {steps}:
            for name, w in history.measured.get(stage, {}).items():
                yield f"{seed}/{stage}/{name}", w


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
