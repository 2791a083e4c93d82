"""The equations of book/recurrence-returns/choosing-costs.md, by independent routes."""

import numpy as np
import pytest
import torch
from contestants import LAYERS, WIDTH, H, N, initial, inputs

from unrolled.bakeoff.batched import HEADS, affine
from unrolled.bakeoff.models import CONTESTANTS


def kept_numbers(model, steps, rng):
    """How many numbers autograd keeps, parameters and inputs apart."""
    p = {k: v.requires_grad_() for k, v in initial(model, rng).items()}
    x = inputs(rng, steps)
    head = torch.ones(1, WIDTH if model == "Transformer" else H, 2).double().requires_grad_()
    own, sizes = {v.untyped_storage().data_ptr() for v in (x, head, *p.values())}, {}

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        h = CONTESTANTS[model].read(p, x)
        answer = affine(h, head, h.new_zeros(1))
    assert answer.requires_grad
    return sum(sizes.values()) / 8  # of eight bytes here, of four on the page


@pytest.mark.equation("eq-choosing-memory", tolerance=1e-12)
def test_memory(check, rng):
    """Left: as printed; right: what autograd keeps, the square as a second difference."""
    steps = int(rng.integers(20, 40))
    left = np.array([N * H * (steps + 1), 7 * N * H * steps, LAYERS * HEADS * N * steps**2])
    a, b, c = (kept_numbers("Transformer", steps * i, rng) for i in (1, 2, 3))
    square = (a - 2 * b + c) / 2
    recurrent = [kept_numbers(model, steps, rng) for model in ("RNN", "LSTM")]
    right = np.array([*recurrent, square])
    check(
        left,
        right,
        planted={
            "without the first state": left - [N * H, 0, 0],
            "four gates only": left * [1, 4 / 7, 1],
            "scores and weights": left * [1, 1, 2],
        },
    )
