"""The equations of book/sequence-to-sequence/encoder-decoder.md, each by an independent route."""

from itertools import product

import numpy as np
import pytest
import torch
from translators import H, N, S, T, V, batch, by_hand, gru, log_softmax, make

from unrolled.datasets.text import END, PAD, START
from unrolled.models.seq2seq import Reminded, sequence_loss, translate


def score(model, source, lengths, words):
    """log P of these words, END included where it is among them, by the logits of one pass."""
    inputs = torch.tensor([START, *words[:-1]])[:, None]
    log_p = model(source, lengths, inputs).log_softmax(dim=-1).detach().numpy()[:, 0]
    return log_p[np.arange(len(words)), list(words)].sum()


@pytest.mark.equation("eq-encdec-chain", tolerance=1e-12)
def test_chain(check, rng):
    """Left: a table of P(y | x) for all texts that end in END; right: conditionals got from it."""
    words, end, longest = range(3), 3, 4
    texts = [(*w, end) for n in range(longest) for w in product(words, repeat=n)]
    joint = rng.dirichlet(np.ones(2 * len(texts))).reshape(2, -1)  # two sources x
    P = joint / joint.sum(axis=1, keepdims=True)

    def begins(table, prefix):
        """The probability that a text begins so, for each source."""
        return table[:, [y[: len(prefix)] == prefix for y in texts]].sum(axis=1)

    def printed(table=P, short=0, stale=0):
        """`short` leaves factors out at the end; `stale` forgets words of the condition."""
        columns = []
        for y in texts:
            value = np.ones(len(table))
            for t in range(1, len(y) + 1 - short):
                value = value * begins(table, y[:t]) / begins(table, y[: max(t - 1 - stale, 0)])
            columns.append(value)
        return np.array(columns).T

    alike = np.repeat(joint.sum(axis=0, keepdims=True), 2, axis=0)
    lengths = np.array([len(y) for y in texts])
    planted = {
        "without END": printed(short=1),
        "without the source": printed(alike),
        "conditions one word short": printed(stale=1),
        "one sequence longer": printed() ** (1 / lengths),
    }
    check(P, printed(), planted=planted)


@pytest.mark.equation("eq-encdec-encoder", tolerance=1e-10)
def test_encoder(check, rng):
    """Left: the model's context of a batch without padding; right: the steps in NumPy."""
    model = make(rng)
    source, lengths, _, _ = batch(rng, lengths=(S,) * N)
    E_x = model.source_embedding.weight.detach().numpy()

    def last(source, steps=S, h_0=0.0):
        h = np.full((N, H), h_0)
        for k in range(steps):
            h = gru(model.encoder, E_x[source[k]], h)
        return h

    x = source.numpy()
    planted = {
        "one step short": last(x, S - 1),
        "backwards": last(x[::-1]),
        "not from zero": last(x, h_0=1.0),
    }
    check(model.encode(source, lengths), last(x), planted=planted)


@pytest.mark.equation("eq-encdec-decoder", tolerance=1e-10)
def test_decoder(check, rng):
    """Left: the model's probabilities with teacher forcing; right: the steps in NumPy."""
    model = make(rng)
    source, lengths, inputs, targets = batch(rng, targets=(T,) * N)
    E_y = model.target_embedding.weight.detach().numpy()
    W_sy, b_y = model.output.weight.detach().numpy().T, model.output.bias.detach().numpy()
    context = model.encode(source, lengths).detach().numpy()

    def written(tokens, s):
        y_hat = []
        for y in tokens:
            s = gru(model.decoder, E_y[y], s)
            y_hat.append(np.exp(log_softmax(s @ W_sy + b_y)))
        return np.array(y_hat)

    planted = {
        "targets not shifted": written(targets.numpy(), context),
        "no context": written(inputs.numpy(), np.zeros((N, H))),
        "another's context": written(inputs.numpy(), context[::-1]),
        "one token late": written(np.roll(inputs.numpy(), 1, axis=0), context),
    }
    left = model(source, lengths, inputs).softmax(dim=-1)
    check(left, written(inputs.numpy(), context), planted=planted)


@pytest.mark.equation("eq-encdec-carry", tolerance=1e-10)
def test_carry(check, rng):
    """Left: the state carried through the padding; right: each source read alone."""
    model = make(rng)
    source, lengths, _, _ = batch(rng, lengths=(3, S, 1))  # odd numbers of places without a word
    E_x = model.source_embedding.weight.detach().numpy()

    def carried(mask, keep=1):
        h = np.zeros((N, H))
        for k, x in enumerate(source.numpy()):
            m = mask[k][:, None]
            h = m * gru(model.encoder, E_x[x], h) + keep * (1 - m) * h
        return h

    alone = [model.encoder(model.source_embedding(source[:n, i]))[1] for i, n in enumerate(lengths)]
    k = np.arange(1, S + 1)[:, None]
    planted = {
        "padding read": carried(np.ones((S, N))),
        "one step short": carried(1.0 * (k < lengths.numpy())),
        "mask turned round": carried(1.0 * (k > lengths.numpy())),
        "the state lost at padding": carried(1.0 * (k <= lengths.numpy()), keep=0),
        "the old state subtracted": carried(1.0 * (k <= lengths.numpy()), keep=-1),
    }
    check(carried(1.0 * (k <= lengths.numpy())), torch.cat(alone), planted=planted)


@pytest.mark.equation("eq-encdec-loss", tolerance=1e-10)
def test_loss(check, rng):
    """Left: the loss of the padded batch; right: its sentences one by one."""
    model, arrays = make(rng), batch(rng)
    losses, mask = by_hand(model, arrays)
    planted = {
        "divided by all places": losses.sum() / mask.size,
        "mean of the sentences' means": (losses.sum(axis=0) / mask.sum(axis=0)).mean(),
        "without END": np.mean([losses[t, n] for t, n in np.ndindex(T - 1, N) if mask[t + 1, n]]),
    }
    check(sequence_loss(model, *arrays), losses.sum() / mask.sum(), planted=planted)


@pytest.mark.equation("eq-encdec-greedy", tolerance=1e-12)
def test_greedy(check, rng):
    """Left: `translate`; right: at each step the best of all texts longer by one word, each scored
    as a whole."""
    model = make(rng)
    source, lengths, _, _ = batch(rng)

    def chosen(pick, kept=None):
        """`kept`: so many of the last words only are in the condition."""
        ids = np.full((T, N), PAD)
        for n, length in enumerate(lengths):
            words, alone = (), (source[:length, n : n + 1], lengths[n : n + 1])
            while len(words) < T and (not words or words[-1] != END):
                known = words if kept is None else words[len(words) - min(kept, len(words)) :]
                scores = [score(model, *alone, (*known, v)) for v in range(V)]
                words = (*words, int(pick(scores)))
            ids[: len(words), n] = words
        return ids

    left = translate(model, source, lengths, T).numpy()
    left = np.concatenate([left, np.full((T - len(left), N), PAD)])
    planted = {
        "the least likely": chosen(np.argmin),
        "the second": chosen(lambda p: np.argsort(p)[-2]),
        "the words before forgotten": chosen(np.argmax, kept=0),
        "always END": chosen(lambda p: END),
    }
    check(left, chosen(np.argmax), planted=planted)


@pytest.mark.equation("eq-encdec-reminded", tolerance=1e-10)
def test_reminded(check, rng):
    """Left: the page's class; right: the steps in NumPy."""
    model = make(rng, Reminded)
    source, lengths, inputs, _ = batch(rng, targets=(T,) * N)
    E_y = model.target_embedding.weight.detach().numpy()
    W_sy, b_y = model.output.weight.detach().numpy().T, model.output.bias.detach().numpy()
    c = model.encode(source, lengths)[0].detach().numpy()

    def logits(join, s):
        u = []
        for y in inputs.numpy():
            s = gru(model.decoder, join(E_y[y], s), s)
            u.append(s @ W_sy + b_y)
        return np.array(u)

    def reminded(embedded, s):
        return np.concatenate([embedded, c], axis=-1)

    planted = {
        "the state for the context": logits(lambda e, s: np.concatenate([e, s], axis=-1), c),
        "from zero": logits(reminded, np.zeros((N, H))),
        "the context once": logits(lambda e, s: np.concatenate([e, 0 * c], axis=-1), c),
    }
    check(model(source, lengths, inputs), logits(reminded, c), planted=planted)
