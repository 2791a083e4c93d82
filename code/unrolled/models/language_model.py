"""A character-level language model in torch: training, perplexity, generated text.

Every batch has time as its first axis. The model keeps no state between calls: whoever calls it
carries the state, or starts from zero.
"""

import math
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from unrolled import checks
from unrolled.datasets.corpus import hold_out_end
from unrolled.datasets.text import Vocabulary, check_ids, check_text, windows
from unrolled.decoding.sampling import check_rng, sample_symbol
from unrolled.layers.layer_contract import check_parts
from unrolled.models.checkpoint import Checkpoint, read, write
from unrolled.models.tensors import check, check_model, check_targets, embed
from unrolled.models.training import History, evaluating, train

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
        checks.kind("a Vocabulary", Vocabulary, vocabulary=vocabulary)
        checks.whole(1, H=H, D=D)
        checks.number(0, 1, dropout=dropout)
        H, D, cell, dropout, tied = int(H), int(D), str(cell), float(dropout), bool(tied)
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
        x = embed(self.embedding, "x", x)  # (T, N, D)
        if state is not None:
            check_state(state, x, isinstance(self.recurrent, nn.LSTM), self.recurrent.hidden_size)
        h, state = self.recurrent(self.dropout(x), state)  # (T, N, H)
        return self.output(self.dropout(h)), state


def check_state(state: Tensor | tuple, x: Tensor, pair: bool, H: int) -> None:
    """ValueError unless a state (1, N, H), of an LSTM a pair of such, fits x (T, N, D)."""
    if pair:
        check_parts("state", state, "a pair (h, c)", 2)
    for part in state if pair else (state,):
        check("state", part, x, 1, x.shape[1], H)


def window_loss(model: LanguageModel, x: Tensor, y: Tensor) -> Tensor:
    """Mean of -log P(y) over a batch of windows x, y (T, N), in nats (eq-lm-loss)."""
    check_model(model, LanguageModel)
    u, _ = model(x)
    check_targets("y", y, u)
    return nn.functional.cross_entropy(u.flatten(0, 1), y.flatten())


def fit(
    model: LanguageModel,
    text: str,
    steps: int,
    rng: np.random.Generator,
    T: int = 64,
    N: int = 16,
    learning_rate: float = 0.02,
    **options,
) -> History:
    """Train on windows from random places in a text.

    Parameters
    ----------
    steps : how many batches, each of N windows of T symbols
    rng : chooses the places
    learning_rate : at first; over the second half of the steps it falls to 0
    options : `measure`, `every`, `resume` and `keep`, for `train`
    """
    check_model(model, LanguageModel)
    checks.whole(1, T=T, N=N)
    checks.generator(rng)
    ids = model.vocabulary.encode(text)
    batches = (windows(ids, T, N, rng) for _ in count())
    options |= {"learning_rate": learning_rate, "clip": 0.3, "decay": 0.5}
    return train(model, batches, window_loss, steps=steps, **options)


def train_on(
    text: str | Sequence[str],
    steps: int = 2000,
    seed: int = 0,
    *,
    T: int = 64,
    N: int = 16,
    learning_rate: float = 0.02,
    resume: Checkpoint | None = None,
    keep: str | Path | None = None,
    **options,
) -> tuple[LanguageModel, History]:
    """A model of any text: the last tenth is held out, and the rest trained on.

    The history's `measured` holds the held-out perplexity, eleven times. It is that of the first
    symbols held out, 25 for each step but at least 1,000 and at most 100,000. So measuring costs
    no more than a tenth of training, from 40 steps on. `perplexity` tells that of a whole text.
    Ctrl-C ends the training early, as in `train`.

    Parameters
    ----------
    text : a string, or a list of words
    T, N, learning_rate : for `fit`
    resume, keep : to go on with a run that was stopped, with all else as it was (see `train`)
    options : for LanguageModel
    """
    check_text(text)
    checks.whole(1, T=T, N=N)
    checks.integer(steps=steps)
    checks.whole(seed=seed)
    shortest = max(20, math.ceil((T + 0.6) / 0.9))  # of which the first nine tenths fill a window
    if len(text) < shortest:
        hint = " (the text of a file: corpus.read_file)" if isinstance(text, str) else ""
        raise ValueError(
            f"a text needs {shortest} symbols or more, got {len(text)}: {text!r}{hint}"
        )
    train_text, held_out = hold_out_end(text)
    with torch.random.fork_rng():  # the caller's random numbers go on as if nothing had been drawn
        torch.manual_seed(seed)
        model = LanguageModel(Vocabulary.of(text), **options)
        ids = model.vocabulary.encode(held_out[: min(100_000, max(1000, 25 * steps))])
        measuring = {"measure": lambda: perplexity(model, ids), "every": max(1, steps // 10)}
        run = {"T": T, "N": N, "learning_rate": learning_rate, "resume": resume, "keep": keep}
        rng = np.random.default_rng(seed)
        return model, fit(model, train_text, steps, rng, **run, **measuring)


def log_probabilities(
    model: LanguageModel, text: str | Sequence[str] | ndarray, N: int | None = None
) -> ndarray:
    """log P(x_t | x_1 … x_{t-1}) for t = 2…length of a text or its ids, (length - 1,), in nats.

    Dropout is off. The text is read as N pieces side by side, for speed. Each piece starts from
    the zero state: N = 1 is exact, and with N pieces N short memories are lost. Unless it is given,
    N is at most 32, and no piece is shorter than 256 symbols.
    """
    ids = _ids(model, text)
    N = min(32, max(1, len(ids) // 256)) if N is None else N
    checks.integer(N=N)
    if N < 1:
        raise ValueError(f"N must be at least 1 piece, got {N}")
    steps = -(-(len(ids) - 1) // N)  # rounded up: the last piece is filled with symbol 0
    padded = np.zeros(N * steps + 1, np.int64)
    padded[: len(ids)] = ids
    x = torch.as_tensor(padded[:-1].reshape(N, steps).T)  # (steps, N)
    y = torch.as_tensor(padded[1:].reshape(N, steps).T)
    state, pieces = None, []
    with evaluating(model):
        for a, b in zip(x.split(256), y.split(256), strict=True):  # 256 steps of logits at a time
            u, state = model(a, state)
            pieces.append(u.log_softmax(dim=-1).gather(-1, b[..., None])[..., 0])
    return torch.cat(pieces).T.flatten().numpy()[: len(ids) - 1]


def perplexity(
    model: LanguageModel, text: str | Sequence[str] | ndarray, N: int | None = None
) -> float:
    """exp of the mean negative log-probability of a text's symbols, from the second on.

    `text` may be its ids, and N is as in `log_probabilities`: a text of up to 511 symbols is read
    in one piece, a longer one in pieces of at least 256.
    """
    with np.errstate(over="ignore"):  # inf if that is more than a float can hold
        return float(np.exp(-log_probabilities(model, text, N).mean()))


def _ids(model: LanguageModel, text: str | Sequence[str] | ndarray) -> ndarray:
    """A text as ids, or ids checked: at least two of them."""
    check_model(model, LanguageModel)
    check_text(text)
    if isinstance(text, str) or (len(text) and isinstance(text[0], str)):
        ids = model.vocabulary.encode(text)
    else:
        ids = check_ids(text, len(model.vocabulary))
    if ids.ndim != 1 or len(ids) < 2:
        raise ValueError(f"a text must be a row of at least 2 symbols, got shape {ids.shape}")
    return ids


def generate(
    model: LanguageModel,
    prompt: str | Sequence[str],
    length: int,
    rng: torch.Generator,
    change: Callable[[Tensor], Tensor] = lambda u: u,
    N: int = 1,
) -> list[str]:
    """N texts that continue the prompt, without it: sample, feed back, repeat (eq-lm-generate).

    Parameters
    ----------
    prompt : at least one symbol; a list of words is continued with words, parted by spaces
    length : of the texts, in symbols
    rng : what decides
    change : logits (N, V) -> logits, such as `lambda u: nucleus(u, 0.95)`
    N : how many texts
    """
    check_model(model, LanguageModel)
    check_rng(rng)
    checks.function(change=change)
    checks.integer(length=length, N=N)
    ids = model.vocabulary.encode(prompt)
    if len(ids) == 0:
        raise ValueError("a prompt needs at least one symbol, got none")
    if length < 0 or N < 1:
        raise ValueError(f"length must be 0 or more and N at least 1, got {length} and {N}")
    x, state = torch.as_tensor(ids)[:, None].expand(-1, N), None  # (T, N)
    written = [x[:0]]
    with evaluating(model):
        for _ in range(length):
            u, state = model(x, state)
            x = sample_symbol(change(u[-1]), rng)[None]  # (1, N): the next input
            written.append(x)
    separator = "" if isinstance(prompt, str) else " "
    columns = torch.cat(written).T.numpy()
    return [model.vocabulary.decode(column, separator) for column in columns]


def save(model: LanguageModel, path: str | Path) -> None:
    """All it takes to use the model elsewhere: its options, its vocabulary, its weights.

    A file that is there is replaced once the new one is whole.
    """
    check_model(model, LanguageModel)
    symbols = list(model.vocabulary.symbols)
    write({"options": model.options, "symbols": symbols, "weights": model.state_dict()}, path)


def load(path: str | Path) -> LanguageModel:
    """The model that `save` wrote, on the CPU. Runs no code from the file, whoever sent it.

    ValueError for a file that `save` did not write.
    """
    saved = read(path, ("options", "symbols", "weights"), "save")
    model = LanguageModel(Vocabulary(saved["symbols"]), **saved["options"])
    model.to(saved["weights"]["output.bias"].dtype).load_state_dict(saved["weights"])
    return model
