"""Equations of book/sequence-to-sequence/encoder-decoder-context.md, by independent routes."""

import numpy as np
import pytest
import torch
from torch import nn
from translators import H, N, S, T, batch, make

from unrolled.datasets.text import PAD
from unrolled.models.seq2seq import Reminded, sequence_loss


def jacobian(f, at):
    return torch.autograd.functional.jacobian(f, at)


def trail(model, inputs, c, fed):
    """States s_0 … s_T of one sentence (H,), with `fed(c)` beside each token's embedding."""
    states = [c]
    for y in inputs:
        x = torch.cat([model.target_embedding(y), fed(c)])[None]
        states.append(model.decoder(x, states[-1][None])[1][0])
    return states


@pytest.mark.equation("eq-encdec-bottleneck", tolerance=1e-9)
def test_bottleneck(check, rng):
    """Left: autograd through everything; right: loss by context and context by parameters, by
    finite differences of the loss at a context that is given."""
    model = make(rng)
    source, lengths, inputs, targets = batch(rng)
    theta = list(model.encoder.parameters())
    left = torch.autograd.grad(sequence_loss(model, source, lengths, inputs, targets), theta)
    c = model.encode(source, lengths)

    def at(context):
        u, _ = model.decode(context, inputs)
        return nn.functional.cross_entropy(u.flatten(0, 1), targets.flatten(), ignore_index=PAD)

    d, step = torch.zeros_like(c), 1e-4
    with torch.no_grad():
        for i in np.ndindex(*c.shape):
            e = torch.zeros_like(c)
            e[i] = step  # a central difference of fourth order
            near, far = at(c + e) - at(c - e), at(c + 2 * e) - at(c - 2 * e)
            d[i] = (8 * near - far) / (12 * step)

    def through(weight):
        grads = torch.autograd.grad((weight * c).sum(), theta, retain_graph=True)
        return torch.cat([g.flatten() for g in grads])

    first = torch.zeros_like(d)
    first[0] = d[0]
    flipped = d.flip(1)  # entries of c in another order
    planted = {
        "the first sentence only": through(first),
        "a mean over sentences": through(d / N),
        "another's entries": through(flipped),
    }
    check(torch.cat([g.flatten() for g in left]), through(d), planted=planted)


@pytest.mark.equation("eq-encdec-path", tolerance=1e-9)
def test_path(check, rng):
    """Left: autograd from the loss at the last step to the context; right: the product."""
    model = make(rng)
    source, lengths, inputs, targets = batch(rng, lengths=(S,), targets=(T,))
    c = model.encode(source, lengths).detach().requires_grad_()
    u, _ = model.decode(c, inputs)
    (left,) = torch.autograd.grad(nn.functional.cross_entropy(u[-1], targets[-1]), c)

    s = trail(model, inputs[:, 0], c[0].detach(), lambda c: c[:0])
    J = []
    for y, state in zip(inputs[:, 0], s[:-1], strict=True):
        x = model.target_embedding(y)[None]
        J.append(jacobian(lambda h, x=x: model.decoder(x, h[None])[1][0], state))
    last = s[-1].detach().requires_grad_()
    value = nn.functional.cross_entropy(model.output(last)[None], targets[-1])
    (d,) = torch.autograd.grad(value, last)

    def product_(factors):
        row = d
        for factor in factors:
            row = row @ factor
        return row[None]

    planted = {
        "one factor short": product_(J[:0:-1]),
        "in the wrong order": product_(J),
        "transposed": product_([j.T for j in J[::-1]]),
    }
    check(left, product_(J[::-1]), planted=planted)


@pytest.mark.equation("eq-encdec-paths", tolerance=1e-9)
def test_paths(check, rng):
    """Left: autograd from the loss at the last step to the context; right: the sum over paths."""
    model = make(rng, Reminded)
    source, lengths, inputs, targets = batch(rng, lengths=(S,), targets=(T,))
    c = model.encode(source, lengths)[0].detach().requires_grad_()
    u, _ = model.decode((c, c), inputs)
    (left,) = torch.autograd.grad(nn.functional.cross_entropy(u[-1], targets[-1]), c)

    c = c[0].detach()
    s = trail(model, inputs[:, 0], c, lambda c: c)
    J, B = [], []
    for y, state in zip(inputs[:, 0], s[:-1], strict=True):

        def after(h, c, y=y):
            x = torch.cat([model.target_embedding(y), c])[None]
            return model.decoder(x, h[None])[1][0]

        J.append(jacobian(lambda h: after(h, c), state))
        B.append(jacobian(lambda c: after(state, c), c))  # noqa: B023
    last = s[-1].detach().requires_grad_()
    value = nn.functional.cross_entropy(model.output(last)[None], targets[-1])
    (d,) = torch.autograd.grad(value, last)

    def after_step(i):
        """J_T ⋯ J_{i+1}."""
        matrix = torch.eye(H, dtype=torch.float64)
        for factor in J[i:]:
            matrix = factor @ matrix
        return matrix

    def sum_(terms, first=True):
        total = sum(after_step(i) @ B[i - 1] for i in terms)
        return (d @ (total + after_step(0) if first else total))[None]

    planted = {
        "not through s_0": sum_(range(1, T + 1), first=False),
        "the last step only": sum_([T]),
        "without the last": sum_(range(1, T)),
    }
    check(left, sum_(range(1, T + 1)), planted=planted)
