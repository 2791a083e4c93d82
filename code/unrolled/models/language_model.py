"""A character-level language model in torch: training, perplexity, generated text.

Every batch has time as its first axis. The model keeps no state between calls: whoever calls it
carries the state, or starts from zero.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from unrolled.datasets.corpus import hold_out_end
from unrolled.datasets.text import Vocabulary, windows
from unrolled.decoding.sampling import sample_symbol
from unrolled.models.training import History, train

CELLS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}


class LanguageModel(nn.Module):
    """Embedding, recurrent layer, logits: a distribution over the next symbol at every step."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        H: int = 128,
        D: int = 32,
        cell: str = "LSTM",
        dropout: float = 0.0,
        tied: bool = False,
    ) -> None:
        """A model with random weights.

        Parameters
        ----------
        H, D : sizes of the state and of the embeddings
        cell : a key of CELLS
        dropout : acts on what enters and leaves the recurrent layer, not on what goes round in it
            (Zaremba et al. 2014)
        tied : take the embedding as output weights (Press & Wolf 2017), which needs D = H
        """
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
        if tied and D != H:
            raise ValueError(f"tied weights need D = H, got D = {D} and H = {H}")
        self.options = {"H": H, "D": D, "cell": cell, "dropout": dropout, "tied": tied}
        self.vocabulary = vocabulary
        V = len(vocabulary)
        self.embedding = nn.Embedding(V, D)
        self.recurrent = CELLS[cell](D, H)
        self.output = nn.Linear(H, V)
        self.dropout = nn.Dropout(dropout)
        if tied:
            nn.init.normal_(self.embedding.weight, std=H**-0.5)  # as output weights 1 is too much
            self.output.weight = self.embedding.weight

    def forward(self, x: Tensor, state=None) -> tuple[Tensor, Tensor | tuple[Tensor, Tensor]]:
        """ids x (T, N) -> logits (T, N, V), and the state after the last step."""
        h, state = self.recurrent(self.dropout(self.embedding(x)), state)  # (T, N, H)
        return self.output(self.dropout(h)), state


def window_loss(model: LanguageModel, x: Tensor, y: Tensor) -> Tensor:
    """Mean of -log P(y) over a batch of windows x, y (T, N), in nats (eq-lm-loss)."""
    u, _ = model(x)
    return nn.functional.cross_entropy(u.flatten(0, 1), y.flatten())


def fit(
    model: LanguageModel,
    text: str,
    steps: int,
    rng: np.random.Generator,
    T: int = 64,
    N: int = 16,
    learning_rate: float = 0.02,
    **measuring,
) -> History:
    """Train on windows from random places in a text.

    Parameters
    ----------
    steps : how many batches, each of N windows of T symbols
    rng : chooses the places
    learning_rate : at first; over the second half of the steps it falls to 0
    measuring : `measure` and `every`, for `train`
    """
    ids = model.vocabulary.encode(text)
    batches = (windows(ids, T, N, rng) for _ in count())
    options = {"learning_rate": learning_rate, "clip": 0.3, "decay": 0.5}
    return train(model, batches, window_loss, steps=steps, **options, **measuring)


def train_on(
    text: str, steps: int = 2000, seed: int = 0, **options
) -> tuple[LanguageModel, History]:
    """A model of any text: the last tenth is held out, and the rest trained on.

    `options` go to LanguageModel. The history's `measured` holds the held-out perplexity.
    """
    train_text, held_out = hold_out_end(text)
    vocabulary = Vocabulary.of(text)
    with torch.random.fork_rng():  # the caller's random numbers go on as if nothing had been drawn
        torch.manual_seed(seed)
        model = LanguageModel(vocabulary, **options)
        ids = vocabulary.encode(held_out)
        rng = np.random.default_rng(seed)
        every, measure = max(1, steps // 10), lambda: perplexity(model, ids)
        return model, fit(model, train_text, steps, rng, measure=measure, every=every)


@torch.no_grad()
def log_probabilities(model: LanguageModel, ids: ndarray, N: int = 32) -> ndarray:
    """ids (length,) -> log P(x_t | x_1 … x_{t-1}) for t = 2…length, (length - 1,), in nats.

    Dropout is off. The text is read as N pieces side by side, for speed; a piece starts from the
    zero state, so N = 1 is exact, and N pieces lose N short memories.
    """
    steps = -(-(len(ids) - 1) // N)  # rounded up: the last piece is filled with symbol 0
    padded = np.zeros(N * steps + 1, ids.dtype)
    padded[: len(ids)] = ids
    x = torch.as_tensor(padded[:-1].reshape(N, steps).T)  # (steps, N)
    y = torch.as_tensor(padded[1:].reshape(N, steps).T)
    training, state, pieces = model.training, None, []
    model.eval()
    for a, b in zip(x.split(256), y.split(256), strict=True):  # 256 steps of logits at a time
        u, state = model(a, state)
        pieces.append(u.log_softmax(dim=-1).gather(-1, b[..., None])[..., 0])
    model.train(training)
    return torch.cat(pieces).T.flatten().numpy()[: len(ids) - 1]


def perplexity(model: LanguageModel, ids: ndarray, N: int = 32) -> float:
    """exp of the mean negative log-probability of a text's symbols, from the second on."""
    return float(np.exp(-log_probabilities(model, ids, N).mean()))


@torch.no_grad()
def generate(
    model: LanguageModel,
    prompt: str,
    length: int,
    rng: torch.Generator,
    change: Callable[[Tensor], Tensor] = lambda u: u,
    N: int = 1,
) -> list[str]:
    """N texts that continue the prompt, without it: sample, feed back, repeat (eq-lm-generate).

    Parameters
    ----------
    prompt : at least one symbol
    length : of the texts, in symbols
    rng : what decides
    change : logits (N, V) -> logits, such as `lambda u: nucleus(u, 0.95)`
    N : how many texts
    """
    if not prompt:
        raise ValueError("a prompt needs at least one symbol, got none")
    training, written, state = model.training, [], None
    model.eval()
    x = torch.as_tensor(model.vocabulary.encode(prompt))[:, None].expand(-1, N)  # (T, N)
    for _ in range(length):
        u, state = model(x, state)
        x = sample_symbol(change(u[-1]), rng)[None]  # (1, N): the next input
        written.append(x)
    model.train(training)
    return [model.vocabulary.decode(ids) for ids in torch.cat(written).T.numpy()]


def save(model: LanguageModel, path: str | Path) -> None:
    """All it takes to use the model elsewhere: its options, its vocabulary, its weights."""
    symbols = list(model.vocabulary.symbols)
    torch.save({"options": model.options, "symbols": symbols, "weights": model.state_dict()}, path)


def load(path: str | Path) -> LanguageModel:
    """The model that `save` wrote. Runs no code from the file, whoever sent it."""
    saved = torch.load(path, weights_only=True)
    model = LanguageModel(Vocabulary(saved["symbols"]), **saved["options"])
    model.load_state_dict(saved["weights"])
    return model
