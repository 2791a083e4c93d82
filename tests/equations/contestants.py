"""The networks of the bake-off in float64, for the checks of the pages on choosing a model."""

import torch

from unrolled.bakeoff import models
from unrolled.bakeoff.models import CONTESTANTS

D, H, N, T = 4, 5, 6, 7  # none of them a size of the contestants
TAPS, DILATIONS, WIDTH, LAYERS = models.TAPS, models.DILATIONS, models.WIDTH, models.LAYERS


def initial(model, rng, D=D, H=H):
    """Parameters of one network, with an axis for networks in front."""
    p = CONTESTANTS[model].init(D, H, torch.Generator().manual_seed(int(rng.integers(2**31))))
    return {name: value[None].double() for name, value in p.items()}


def inputs(rng, steps=T):
    """x (1, steps, N, D)."""
    return torch.from_numpy(rng.normal(size=(1, steps, N, D)))
