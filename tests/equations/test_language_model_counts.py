"""The equations of book/sequences/language-model-counts.md, each against an independent route."""

import numpy as np
import pytest
import torch
from character_models import softmax

from unrolled.datasets.text import Vocabulary
from unrolled.models.language_model import LanguageModel


@pytest.mark.equation("eq-lm-parameters", tolerance=1e-12)
def test_parameters(check, rng):
    """Left side counted in the model, right side as printed, for several sizes."""
    sizes = np.array([rng.permutation(np.arange(2, 60))[:3] for _ in range(5)])
    left = []
    for V, D, H in sizes.tolist():
        model = LanguageModel(Vocabulary(map(chr, range(V))), H, D)
        left.append(sum(p.numel() for p in model.parameters()))
    V, D, H = sizes.T
    right = V * D + 4 * H * (D + H + 2) + H * V + V
    planted = {
        "one bias": V * D + 4 * H * (D + H + 1) + H * V + V,
        "three blocks": V * D + 3 * H * (D + H + 2) + H * V + V,
        "no embedding": 4 * H * (D + H + 2) + H * V + V,
        "characters go in directly": V * D + 4 * H * (V + H + 2) + H * V + V,
    }
    check(np.array(left, float), right.astype(float), planted=planted)


@pytest.mark.equation("eq-lm-mixture", tolerance=1e-6)
def test_mixture(check, rng):
    """Left side as printed; right side the one distribution that costs least on average, a share
    λ of the symbols being drawn from the network and the others from the counts, by search; and
    what the page computes, from logarithms."""
    V = 7
    network_says, counts_say = softmax(2 * rng.normal(size=(2, V)))
    weight = rng.uniform(0.2, 0.4)
    drawn = torch.tensor(np.stack([network_says, counts_say]))  # (2, V)
    shares = torch.tensor([[weight], [1 - weight]], dtype=torch.float64)
    u = torch.zeros(V, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS(
        [u], max_iter=500, tolerance_grad=1e-13, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def cost():
        search.zero_grad()
        value = -(shares * drawn * u.log_softmax(dim=0)).sum()
        value.backward()
        return value

    search.step(cost)
    log_network, log_counts = np.log(network_says), np.log(counts_say)
    in_logs = np.exp(np.logaddexp(np.log(weight) + log_network, np.log(1 - weight) + log_counts))
    left = weight * network_says + (1 - weight) * counts_say
    geometric = np.exp(weight * log_network + (1 - weight) * log_counts)
    wrong = {
        "logarithms mixed": geometric,
        "logarithms mixed, normalised": geometric / geometric.sum(),
        "weights exchanged": (1 - weight) * network_says + weight * counts_say,
        "even weights": (network_says + counts_say) / 2,
        "one weight forgotten": weight * network_says + counts_say,
    }
    planted = {name: (value, value) for name, value in wrong.items()}
    check((left, left), (u.softmax(dim=0), in_logs), planted=planted)
    # and what the page concludes from the concavity of the logarithm
    assert np.all(-np.log(left) <= -weight * log_network - (1 - weight) * log_counts + 1e-12)
