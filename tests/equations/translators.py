"""A small translator, a padded batch and a GRU's step, for the checks on encoder–decoders."""

import numpy as np
import torch

from unrolled.datasets.text import END, PAD, START, pad
from unrolled.models.seq2seq import EncoderDecoder

S, T, N, D, H, V_X, V = 6, 5, 3, 4, 7, 9, 8


def log_softmax(u):
    u = u - u.max(axis=-1, keepdims=True)
    return u - np.log(np.exp(u).sum(axis=-1, keepdims=True))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gru(layer, x, h):
    """One step by the GRU's equations, in NumPy: x (…, D), h (…, H) -> (…, H)."""
    W_i, W_h, b_i, b_h = (p.detach().numpy() for p in layer.parameters())
    H = h.shape[-1]
    a, b = x @ W_i.T + b_i, h @ W_h.T + b_h
    r, z = sigmoid(a[..., :H] + b[..., :H]), sigmoid(a[..., H:-H] + b[..., H:-H])
    n = np.tanh(a[..., -H:] + r * b[..., -H:])
    return (1 - z) * n + z * h


def make(rng, kind=EncoderDecoder, **sizes):
    model = kind(V_X, V, **{"H": H, "D": D} | sizes).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.tensor(rng.normal(size=p.shape) * 0.7))
    return model


def batch(rng, lengths=(4, S, 2), targets=(T, 2, 3)):
    source, lengths = pad([rng.integers(3, V_X, size=n) for n in lengths])
    texts = [rng.integers(3, V, size=n - 1).tolist() for n in targets]
    inputs, _ = pad([[START, *t] for t in texts])
    outputs, _ = pad([[*t, END] for t in texts])
    return tuple(map(torch.as_tensor, (source, lengths, inputs, outputs)))


def by_hand(model, arrays):
    """ℓ and the mask, both (T, N), one sentence at a time without any padding."""
    source, lengths, inputs, targets = arrays
    losses, mask = np.zeros(targets.shape), np.zeros(targets.shape)
    for n, length in enumerate((targets != PAD).sum(dim=0).tolist()):
        alone = source[: lengths[n], n : n + 1], lengths[n : n + 1], inputs[:length, n : n + 1]
        log_p = log_softmax(model(*alone).detach().numpy()[:, 0])
        losses[:length, n] = -log_p[np.arange(length), targets[:length, n]]
        mask[:length, n] = 1
    return losses, mask
