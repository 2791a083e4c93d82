"""Valid calls of `unrolled.practice`."""

import math

import numpy as np
import torch
from registry import valid
from torch import nn

from unrolled.practice import bpe, sentencepieces, streams

COUNTS = {"sing": 3, "ring": 2, "singing": 2}
PIECES = [*bpe.BYTES, b"in", b"ing"]
LOG_P = {b"s": math.log(0.3), b"in": math.log(0.3), b"g": math.log(0.2), b"ing": math.log(0.2)}
DOCUMENTS = [[1, 2, 3], [4, 5, 6, 7], [8, 9]]


def rng():
    return np.random.default_rng(0)


@valid("practice.bpe.words")
def _():
    return {"text": "two words"}


@valid("practice.bpe.learn", "practice.sentencepieces.learn")
def _():
    return {"counts": dict(COUNTS), "V": 258}


@valid("practice.sentencepieces.train")
def _():
    return {"counts": dict(COUNTS), "V": 258, "kind": "bpe"}


@valid("practice.sentencepieces.letters")
def _():
    return {"word": b"sing"}


@valid("practice.sentencepieces.unlettered")
def _():
    return {"text": sentencepieces.letters(b"sing")}


@valid("practice.bpe.BPE")
def _():
    return {"pieces": list(PIECES), "special": ["<end>"]}


@valid("practice.bpe.BPE.cut", "practice.bpe.BPE.encode")
def _():
    return {"self": bpe.BPE(PIECES), "text": "sing a song"}


@valid("practice.bpe.BPE.cut_word")
def _():
    return {"self": bpe.BPE(PIECES), "word": b"sing"}


@valid("practice.bpe.BPE.decode")
def _():
    return {"self": bpe.BPE(PIECES), "ids": np.array([115, 257])}


@valid("practice.unigram.best_cut", "practice.unigram.expected")
def _():
    return {"word": b"sing", "log_p": dict(LOG_P)}


@valid("practice.unigram.forward", infinite=True)
def _():
    return {"word": b"sing", "log_p": dict(LOG_P)}


@valid("practice.unigram.sample_cut")
def _():
    return {"word": b"sing", "log_p": dict(LOG_P), "rng": rng()}


@valid("practice.unigram.em_step")
def _():
    return {"counts": {"sing": 3}, "log_p": dict(LOG_P)}


@valid("practice.unigram.start")
def _():
    return {"counts": dict(COUNTS), "V": 258}


@valid("practice.unigram.learn")
def _():
    return {"counts": dict(COUNTS), "V": 258, "rounds": 1}


@valid("practice.softmax.sampled_loss")
def _():
    torch.manual_seed(0)
    return {
        "output": nn.Linear(3, 6),
        "h": torch.randn(4, 3),
        "y": torch.tensor([0, 5, 2, 2]),
        "q": torch.full((6,), 1 / 6),
        "K": 3,
        "rng": torch.Generator().manual_seed(0),
    }


@valid("practice.softmax.sampled_bias")
def _():
    p = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    return {"p": p, "y": np.array([0, 2]), "q": np.array([0.3, 0.3, 0.4]), "K": 4}


@valid("practice.softmax.by_frequency")
def _():
    return {"ids": np.array([3, 1, 3, 0]), "V": 5}


@valid("practice.batching.random_batches")
def _():
    return {"lengths": np.array([3, 1, 2, 5, 4]), "N": 2, "rng": rng()}


@valid("practice.batching.bucketed")
def _():
    return {"lengths": np.array([3, 1, 2, 5, 4]), "N": 2, "pool": 2, "rng": rng()}


@valid("practice.batching.wasted")
def _():
    return {"lengths": np.array([3, 1, 2, 2]), "batches": [np.array([0, 1]), np.array([2, 3])]}


@valid("practice.streams.Loader")
def _():
    return {"documents": [list(ids) for ids in DOCUMENTS], "N": 2, "T": 3, "seed": 0}


@valid("practice.streams.Loader.state")
def _():
    return {"self": streams.Loader(DOCUMENTS, 2, 3)}


@valid("practice.streams.Loader.resume")
def _():
    state = streams.Loader(DOCUMENTS, 2, 3).state()
    return {"documents": [list(ids) for ids in DOCUMENTS], "state": state}


@valid("practice.streams.stretches")
def _():
    return {"fresh": torch.tensor([[True, True], [False, True]])}


@valid("practice.streams.run", left=("state",))
def _():
    torch.manual_seed(0)
    return {
        "layer": nn.GRU(3, 4),
        "x": torch.randn(2, 2, 3),
        "fresh": torch.tensor([[True, True], [False, True]]),
        "state": torch.zeros(1, 2, 4),
    }
