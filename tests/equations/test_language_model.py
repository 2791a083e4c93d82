"""The equations of book/sequences/language-model.md, each against an independent route."""

from itertools import combinations, pairwise, product

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.datasets.text import Vocabulary
from unrolled.decoding.sampling import nucleus, temperature, top_k
from unrolled.models.language_model import LanguageModel, generate, log_probabilities

T, H, D, V = 6, 5, 4, 7  # N = 1: the chapter's equations are for one text
SYMBOLS = "abcdefg"


def softmax(u):
    e = np.exp(u - u.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def one_hot(i):
    return np.eye(V)[i]


def network(rng):
    """W_xh, W_hh, b_h, W_hy, b_y."""
    shapes = [(V, H), (H, H), (H,), (H, V), (V,)]
    return [0.8 * rng.normal(size=shape) for shape in shapes]


def predictions(x, W_xh, W_hh, b_h, W_hy, b_y, softmax=softmax):
    """ŷ_t for t = 1…T as eq-lm-model prints it."""
    h, y_hat = np.zeros(H), []
    for x_t in x:
        h = np.tanh(one_hot(x_t) @ W_xh + h @ W_hh + b_h)
        y_hat.append(softmax(h @ W_hy + b_y))
    return np.array(y_hat)


def tensors(arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def torch_logits(x, W_xh, W_hh, b_h, W_hy, b_y):
    """Logits (T, V) by torch's own layer, whose weights are our tensors: gradients reach them."""
    layer = nn.RNN(V, H).double()
    zero = torch.zeros(H, dtype=torch.float64)
    parameters = {
        "weight_ih_l0": W_xh.T,
        "weight_hh_l0": W_hh.T,
        "bias_ih_l0": b_h,
        "bias_hh_l0": zero,
    }
    inputs = nn.functional.one_hot(torch.as_tensor(x), V).double()[:, None]  # (T, 1, V)
    h, _ = torch.func.functional_call(layer, parameters, (inputs,))
    return h[:, 0] @ W_hy + b_y


def language_model(rng, **options):
    """A LanguageModel in float64 with weights far from uniform predictions."""
    torch.manual_seed(int(rng.integers(1000)))
    model = LanguageModel(Vocabulary(SYMBOLS), **{"H": H, "D": D} | options).double()
    for p in model.parameters():
        p.data *= 3
    return model.eval()


@pytest.mark.equation("eq-lm-model", tolerance=1e-12)
def test_model(check, rng):
    """Left side step by step as printed, right side by torch.nn.RNN and softmax."""
    x, weights = rng.integers(V, size=T), network(rng)
    W_xh, W_hh, b_h, W_hy, b_y = weights
    with torch.no_grad():
        right = torch_logits(x, *tensors(weights)).softmax(-1)
    logistic = lambda u: 1 / (1 + np.exp(-u))  # noqa: E731
    planted = {
        "no recurrence": predictions(x, W_xh, 0 * W_hh, b_h, W_hy, b_y),
        "W_hh transposed": predictions(x, W_xh, W_hh.T, b_h, W_hy, b_y),
        "sigmoids for softmax": predictions(x, *weights, softmax=logistic),
        "predicts before it reads": np.vstack([softmax(b_y), predictions(x, *weights)[:-1]]),
    }
    check(predictions(x, *weights), right, planted=planted)


@pytest.mark.equation("eq-lm-loss", tolerance=1e-12)
def test_loss(check, rng):
    """Left side as printed, right side by torch's cross-entropy on the text cut twice."""
    text, weights = rng.integers(V, size=T + 1), network(rng)
    y_hat, steps = predictions(text[:-1], *weights), np.arange(T)
    left = -np.mean(np.log(y_hat[steps, text[1:]]))
    logits = torch_logits(text[:-1], *tensors(weights))
    right = nn.functional.cross_entropy(logits, torch.as_tensor(text[1:]))
    planted = {
        "targets not shifted": -np.mean(np.log(y_hat[steps, text[:-1]])),
        "log of the mean": -np.log(np.mean(y_hat[steps, text[1:]])),
        "summed": T * left,
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-lm-bias", tolerance=1e-10)
def test_bias(check, rng):
    """Left side by autograd, right side as printed."""
    text, weights = rng.integers(V, size=T + 1), network(rng)
    parameters = tensors(weights)
    logits = torch_logits(text[:-1], *parameters)
    loss = nn.functional.cross_entropy(logits, torch.as_tensor(text[1:]))
    (left,) = torch.autograd.grad(loss, parameters[-1])
    y_hat = predictions(text[:-1], *weights)
    come = np.array([one_hot(i) for i in text[1:]])
    planted = {
        "targets not shifted": (y_hat - [one_hot(i) for i in text[:-1]]).mean(axis=0),
        "sign": (come - y_hat).mean(axis=0),
        "last step only": y_hat[-1] - come[-1],
        "not averaged": (y_hat - come).sum(axis=0),
    }
    check(left, (y_hat - come).sum(axis=0) / T, planted=planted)


@pytest.mark.equation("eq-lm-floor", tolerance=1e-8)
def test_floor(check, rng):
    """Left side by minimising over all tables of V x V logits, right side as printed."""
    text, follows = [0], np.array([[0.7, 0.2, 0.1], [0.2, 0.2, 0.6], [0.4, 0.2, 0.4]])
    for _ in range(100):  # three symbols: every pair occurs, so the minimum is reached
        text.append(int(rng.choice(3, p=follows[text[-1]])))
    text.append(2)  # not where it began: row and column sums differ, and a mix-up shows
    pairs = list(pairwise(text))
    n = np.zeros((3, 3))
    for v, w in pairs:
        n[v, w] += 1
    assert n.min() > 0
    table = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    options = {"tolerance_grad": 1e-12, "tolerance_change": 1e-14, "max_iter": 500}
    optimizer = torch.optim.LBFGS([table], line_search_fn="strong_wolfe", **options)
    x, y = torch.tensor(text[:-1]), torch.tensor(text[1:])

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(table[x], y)
        loss.backward()
        return loss

    optimizer.step(closure)
    size, row, column = len(pairs), n.sum(axis=1, keepdims=True), n.sum(axis=0)
    planted = {
        "frequencies of single letters": -np.sum(n * np.log(column / size)) / size,
        "joint for conditional": -np.sum(n * np.log(n / size)) / size,
        "divided by the next letter's count": -np.sum(n * np.log(n / column)) / size,
        "every context weighs the same": -np.sum(n / row * np.log(n / row)) / 3,
    }
    check(closure(), -np.sum(n * np.log(n / row)) / size, planted=planted)


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


@pytest.mark.equation("eq-lm-generate", tolerance=1e-10)
def test_generate(check, rng):
    """Left side: what `generate` can draw, symbol by symbol, when it is led through every
    text of three symbols; right side as printed, ŷ from one pass over prompt and text."""
    model, prompt, M = language_model(rng), "cab", 3
    symbols = model.vocabulary

    def probability_when_led(tail):
        ids, p = iter(symbols.encode(tail)), []

        def lead(u):  # note the probability of the next symbol, then allow no other
            i = next(ids)
            p.append(u.softmax(-1)[0, i].item())
            return torch.where(torch.arange(V) == i, 0.0, -torch.inf).double()[None]

        assert generate(model, prompt, M, torch.Generator(), lead) == [tail]
        return np.prod(p)

    tails = ["".join(tail) for tail in product(SYMBOLS, repeat=M)][:: V + 1]
    m = len(prompt)

    def printed(first=m, last=m + M - 1, shift=1, forgotten=0):
        """The product over t = first … last; the first `forgotten` symbols are never read."""
        values = []
        for tail in tails:
            x = symbols.encode(prompt + tail)  # x[t - 1] is x_t
            with torch.no_grad():
                u, _ = model(torch.as_tensor(x[forgotten:])[:, None])
            y_hat = u[:, 0].softmax(-1).numpy()  # y_hat[t - 1 - forgotten] is ŷ_t
            steps = range(first, last + 1)
            values.append(np.prod([y_hat[t - 1 - forgotten, x[t - 1 + shift]] for t in steps]))
        return np.array(values)

    planted = {
        "prompt forgotten but for its end": printed(forgotten=m - 1),
        "prompt counted in": printed(first=1),
        "one symbol short": printed(first=m + 1),
        "the last left out": printed(last=m + M - 2),
        "x_t for x_{t+1}": printed(shift=0),
    }
    left = np.array([probability_when_led(tail) for tail in tails])
    check(left, printed(), planted=planted)
    log_p = [log_probabilities(model, symbols.encode(prompt + tail), N=1) for tail in tails]
    np.testing.assert_allclose([np.exp(p[m - 1 :].sum()) for p in log_p], printed(), rtol=1e-10)


@pytest.mark.equation("eq-lm-temperature", tolerance=1e-12)
def test_temperature(check, rng):
    """Left side by the package, from logits; right side as printed, from probabilities."""
    u, tau = 2 * rng.normal(size=V), rng.uniform(0.5, 0.8)
    y_hat = softmax(u)
    power = y_hat ** (1 / tau)
    planted = {
        "probabilities through softmax": softmax(y_hat / tau),
        "probabilities divided": (y_hat / tau) / (y_hat / tau).sum(),
        "power τ": y_hat**tau / np.sum(y_hat**tau),
    }
    check(temperature(torch.tensor(u), tau).softmax(-1), power / power.sum(), planted=planted)


@pytest.mark.equation("eq-lm-top-k", tolerance=1e-12)
def test_top_k(check, rng):
    """Left side as printed; right side drawing from ŷ again and again until a symbol of S_k
    comes, S_k the likeliest of all sets of k symbols, and the package."""
    u, k = 2 * rng.normal(size=V), int(rng.integers(2, 5))
    y_hat = softmax(u)

    def kept(k):
        best = sorted(range(V), key=lambda v: -y_hat[v])[:k]
        return np.array([y_hat[v] * (v in best) for v in range(V)])

    def drawn_until(k):
        S = max(combinations(range(V), k), key=lambda S: sum(y_hat[v] for v in S))
        refused = sum(y_hat[v] for v in range(V) if v not in S)
        first_hit = sum(refused**draws for draws in range(100_000))
        return np.array([first_hit * y_hat[v] if v in S else 0.0 for v in range(V)])

    wrong = {
        "not normalised": kept(k),
        "one more": kept(k + 1) / kept(k + 1).sum(),
        "even among the kept": (kept(k) > 0) / k,
        "logits cut to zero": softmax(np.where(kept(k) > 0, u, 0)),
        "divided by what was left out": kept(k) / (1 - kept(k).sum()),
    }
    left = kept(k) / kept(k).sum()
    planted = {name: (value, value) for name, value in wrong.items()}
    right = (drawn_until(k), top_k(torch.tensor(u), k).softmax(-1))
    check((left, left), right, planted=planted)


@pytest.mark.equation("eq-lm-nucleus", tolerance=1e-12)
def test_nucleus(check, rng):
    """Left side as printed, j = 1, 2, …; right side the smallest of all sets of symbols with a
    share of at least p, and how many symbols the package keeps."""
    u, shares = rng.normal(size=(20, V)), np.linspace(0.3, 0.9, 20)
    ordered = -np.sort(-softmax(u), axis=1)

    def smallest(enough):
        return np.array(
            [
                next(m for m in range(1, V + 1) if enough(row, m, p))
                for row, p in zip(ordered, shares, strict=True)
            ],
            float,
        )

    def of_all_sets(y_hat, p):
        return min(k for k in range(1, V + 1) for S in combinations(y_hat, k) if sum(S) >= p)

    cases = list(zip(u, shares, strict=True))
    left = smallest(lambda row, j, p: row[:j].sum() >= p)
    brute = np.array([of_all_sets(softmax(row), p) for row, p in cases], float)
    kept = [float((nucleus(torch.tensor(row), p) > -torch.inf).sum()) for row, p in cases]
    wrong = {
        "the one that reaches p left out": left - 1,
        "summed from the unlikely end": smallest(lambda row, m, p: row[V - m :].sum() >= p),
        "each at least 1 - p": (ordered >= 1 - shares[:, None]).sum(axis=1),
        "at least 1 - p": smallest(lambda row, m, p: row[:m].sum() >= 1 - p),
    }
    planted = {name: (value, value) for name, value in wrong.items()}
    check((left, left), (brute, np.array(kept)), planted=planted)


@pytest.mark.equation("eq-lm-dropout", tolerance=1e-12)
def test_dropout(check, rng):
    """Left side: the expectation, summed over all 2^H masks; right side h. And the values that
    torch's dropout can take are those of the formula."""
    h, q = rng.normal(size=H), rng.uniform(0.2, 0.4)
    masks = np.array(list(product([0, 1], repeat=H)))  # (2^H, H)
    probability = np.prod(np.where(masks == 1, 1 - q, q), axis=1)
    mean = lambda values: probability @ values  # noqa: E731
    planted = {
        "not divided": mean(masks * h),
        "divided by q": mean(masks * h / q),
        "multiplied by 1 - q": mean(masks * h * (1 - q)),
    }
    check(mean(masks * h / (1 - q)), h, planted=planted)
    dropped = nn.functional.dropout(torch.tensor(h).expand(50, H), q).numpy()
    expected = np.broadcast_to(h / (1 - q), dropped.shape)
    np.testing.assert_allclose(dropped[dropped != 0], expected[dropped != 0])


@pytest.mark.equation("eq-lm-tied", tolerance=1e-10)
def test_tied(check, rng):
    """Left side: the model's logits and its gradient for E; right side as printed, with the
    gradient summed over the two uses, each with a copy of its own."""
    model = language_model(rng, D=H, tied=True)
    x, y = torch.as_tensor(rng.integers(V, size=(2, T, 1)))
    u, _ = model(x)
    loss = nn.functional.cross_entropy(u[:, 0], y[:, 0])
    (slope,) = torch.autograd.grad(loss, model.embedding.weight)

    E = model.embedding.weight.detach()
    reads, predicts = E.clone().requires_grad_(), E.clone().requires_grad_()
    h, _ = model.recurrent(reads[x])
    by_hand = h[:, 0] @ predicts.T + model.output.bias
    loss = nn.functional.cross_entropy(by_hand, y[:, 0])
    first, second = torch.autograd.grad(loss, [reads, predicts])
    planted = {
        "predicting only": (by_hand, second),
        "reading only": (by_hand, first),
        "no bias": (by_hand - model.output.bias, first + second),
    }
    check((u[:, 0], slope), (by_hand, first + second), planted=planted)


@pytest.mark.equation("eq-lm-entropy", tolerance=1e-6)
def test_entropy(check, rng):
    """Left side by finite differences, right side as printed."""
    u, tau, step = rng.normal(size=V), rng.uniform(0.6, 0.9), 1e-5

    def entropy(tau):
        p = softmax(u / tau)
        return -np.sum(p * np.log(p))

    p = softmax(u / tau)
    variance = np.sum(p * u**2) - np.sum(p * u) ** 2
    planted = {
        "τ² for τ³": variance / tau**2,
        "variance under softmax(u)": np.sum(softmax(u) * u**2) - np.sum(softmax(u) * u) ** 2,
        "second moment": np.sum(p * u**2) / tau**3,
        "sign": -variance / tau**3,
    }
    check(
        (entropy(tau + step) - entropy(tau - step)) / (2 * step), variance / tau**3, planted=planted
    )
