"""Valid calls of `unrolled.decoding` and `unrolled.convert`."""

import numpy as np
import torch
from registry import valid

from unrolled import layers

V, END = 4, 3


def rng():
    return torch.Generator().manual_seed(0)


def logits(*shape):
    return torch.randn(*shape, generator=rng())


TABLE = logits(V, V).log_softmax(-1)


def step(state, tokens):
    """A model that looks at the last token alone, and knows them all."""
    return TABLE[tokens % V], state


def search(N=1):
    tokens = torch.zeros(N, dtype=torch.long)
    return {"step": step, "state": (torch.zeros(N, 2), None), "tokens": tokens, "end": END, "T": 3}


@valid("decoding.search.exhaustive", "decoding.search.best_first", infinite=True, also=("END",))
def _():
    return search()


@valid("decoding.search.greedy", also=("END",))
def _():
    return search(2)


@valid("decoding.search.sample", also=("END",))
def _():
    return search(2) | {"rng": rng(), "change": lambda u: u}


@valid("decoding.search.follow", also=("END",))
def _():
    return search(2) | {"choose": lambda log_p: log_p.max(dim=-1)}


@valid("decoding.beam_search.beam", infinite=True, also=("END",))
def _():
    return search(2) | {"k": 2, "alpha": 0.5}


@valid("decoding.sampling.temperature")
def _():
    return {"u": logits(2, V), "tau": 0.5}


@valid("decoding.sampling.top_k", infinite=True)
def _():
    return {"u": logits(2, V), "k": 2}


@valid("decoding.sampling.nucleus", infinite=True)
def _():
    return {"u": logits(2, V), "p": 0.9}


@valid("decoding.sampling.sample_symbol")
def _():
    return {"u": logits(2, V), "rng": rng()}


def log_p():
    return TABLE.repeat(2, 1).numpy()


@valid("decoding.ctc_decoding.best_path")
def _():
    return {"log_p": log_p(), "blank": 0}


@valid("decoding.ctc_decoding.prefix_beam", infinite=True)
def _():
    return {"log_p": log_p(), "k": 3, "blank": 0, "weight": lambda prefix: 0.5}


@valid("decoding.edit_distance.distance")
def _():
    return {"a": "kitten", "b": [*"sitting"]}


@valid("decoding.edit_distance.error_rate")
def _():
    return {"said": ["kitten", "a"], "true": ["sitting", ""]}


@valid("convert.order_of")
def _():
    return {"layer": lstm()}


def lstm():
    return layers.LSTM.init(2, 3, np.random.default_rng(0))


def gru():
    return layers.GRU.init(2, 3, np.random.default_rng(0))


@valid("convert.reorder_gates")
def _():
    return {"a": np.ones((2, 12)), "before": "ifgo", "after": ["o", "i", "f", "g"]}


@valid("convert.to_gates")
def _():
    return {"layer": lstm(), "columns": True}


@valid("convert.from_gates")
def _():
    from unrolled.convert import to_gates

    return {"gates": to_gates(lstm(), True), "columns": True}


@valid("convert.to_stacked")
def _():
    return {"layer": lstm(), "order": "ifog"}


@valid("convert.from_stacked")
def _():
    return {"W": np.ones((12, 5)), "b": np.ones(12), "order": "ifog"}


@valid("convert.to_torch", "convert.to_keras")
def _():
    return {"layer": gru()}


@valid("convert.from_torch", also=("recurrent weights",))
def _():
    from unrolled.convert import to_torch

    return {"state": to_torch(gru())}


@valid("convert.from_keras", also=("recurrent weights",))
def _():
    from unrolled.convert import to_keras

    return {"weights": to_keras(gru())}


@valid("convert.other_update", also=("layer",))
def _():
    return {"gru": gru()}


@valid("convert.from_logistic", also=("layer",))
def _():
    return {"rnn": layers.RNN.init(2, 3, np.random.default_rng(0))}
