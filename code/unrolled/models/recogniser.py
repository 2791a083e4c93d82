"""A recogniser of spoken letters: a softmax at every frame, and two losses to train it with.

The data are `Spoken` of `datasets.spoken_letters`, whose `truth` holds the frame targets of
`each_frame_loss`. `all_paths_loss` is connectionist temporal classification and ignores them.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from unrolled.datasets.spoken_letters import LETTERS, WINDOW, Spoken
from unrolled.models.training import History, train

V, BLANK = len(LETTERS) + 1, 0


class Recogniser(nn.Module):
    """A GRU over the frames, in both directions or rightward only, and a readout at each frame."""

    def __init__(self, H: int = 32, both: bool = True) -> None:
        """H units for each direction."""
        super().__init__()
        self.gru = nn.GRU(WINDOW // 2, H, bidirectional=both)
        self.out = nn.Linear((1 + both) * H, V)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Frames (T, N, D), of which so many count (N,) -> log-probabilities (T, N, V).

        The sequences are packed, so that what a sound gives does not depend on its batch.
        """
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        h, _ = nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0])  # (T, N, H or 2H)
        return self.out(h).log_softmax(dim=-1)


def all_paths_loss(
    model: Recogniser, x: Tensor, lengths: Tensor, labels: Tensor, sizes: Tensor, *times: Tensor
) -> Tensor:
    """-log of the sum over all paths (`eq-speech-sum`), in nats per letter; ignores all times."""
    log_p = model(x, lengths)
    nats = nn.functional.ctc_loss(log_p, labels, lengths, sizes, BLANK, reduction="sum")
    return nats / sizes.sum()


def each_frame_loss(
    model: Recogniser,
    x: Tensor,
    lengths: Tensor,
    labels: Tensor,
    sizes: Tensor,
    spans: Tensor,
    truth: Tensor,
) -> Tensor:
    """Mean cross-entropy over the frames that count, with a target for every frame.

    Parameters
    ----------
    model
        Gives log-probabilities (T, N, V).
    x
        Frames (T, N, D), padded at the end.
    lengths
        How many frames (N,) count.
    labels, sizes, spans
        Ignored: what `all_paths_loss` is given too.
    truth
        The target of each frame (T, N).

    Returns
    -------
    loss
        In nats per frame.
    """
    inside = torch.arange(len(x))[:, None] < lengths
    return nn.functional.nll_loss(model(x, lengths)[inside], truth[inside])


def evenly(spoken: Spoken) -> Spoken:
    """The same, with times that are guessed: equal letters, and silences half as long."""
    part = np.arange(len(spoken.x))[:, None] * (3 * spoken.sizes + 1) // spoken.lengths  # (T, N)
    which = np.minimum(part // 3, spoken.sizes - 1)
    letter = spoken.labels[np.arange(len(spoken.sizes)), which]
    return spoken._replace(truth=np.where(part % 3 == 0, BLANK, letter))


def batches(spoken: Spoken, seed: int, N: int = 16) -> Iterator[Spoken]:
    """Without end: N of the texts, drawn at random, cut to the frames of the longest."""
    rng = np.random.default_rng(seed)
    while True:
        n = rng.integers(len(spoken.lengths), size=N)
        T = spoken.lengths[n].max()
        rows = (each[n] for each in spoken[1:5])
        yield Spoken(spoken.x[:T, n], *rows, spoken.truth[:T, n])


def fit(
    spoken: Spoken,
    loss: Callable[..., Tensor],
    seed: int,
    steps: int = 90,
    both: bool = True,
    **options: Any,
) -> tuple[Recogniser, History]:
    """A recogniser trained on the sounds, from this seed; `options` are those of `train`."""
    torch.manual_seed(seed)
    model = Recogniser(both=both)
    given = {"learning_rate": 0.02, "clip": 1.0, "decay": 0.5} | options
    if "measure" in given:
        measure = given["measure"]
        given["measure"] = lambda: measure(model)  # of the model so far
    history = train(model, batches(spoken, seed), loss, steps=steps, **given)
    return model.requires_grad_(False), history


def outputs(model: Recogniser, spoken: Spoken) -> list[ndarray]:
    """The log-probabilities (T, V) of each sound, cut to its own length."""
    with torch.no_grad():
        log_p = model(torch.from_numpy(spoken.x), torch.from_numpy(spoken.lengths)).numpy()
    return [log_p[:T, n] for n, T in enumerate(spoken.lengths)]


def texts(spoken: Spoken) -> list[tuple[int, ...]]:
    """The labels of each text, without the padding."""
    return [tuple(row[:U].tolist()) for row, U in zip(spoken.labels, spoken.sizes, strict=True)]


def runs(log_p: ndarray) -> list[tuple[int, int]]:
    """The first and the last frame of each run of one letter in the likeliest path."""
    path = log_p.argmax(axis=1)
    edges = np.flatnonzero(np.diff(path, prepend=-1, append=-1)).tolist()
    return [(a, b - 1) for a, b in pairwise(edges) if path[a] != BLANK]
