"""The equations of `book/sequences/sequences.md`, each computed by two routes."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
import torch

from unrolled.layers import loss
from unrolled.models.hmm import HMM
from unrolled.models.ngram import NGram

V, N, T, D, H, K = 4, 3, 5, 6, 7, 2


def hidden_markov_model(rng):
    return HMM(*(rng.dirichlet(np.ones(size), rows) for size, rows in ((K, ()), (K, K), (V, K))))


def path(hmm, z, x):
    """P(z, x) for one path of the latent chain: the definition of the model."""
    p = hmm.pi[z[0]] * hmm.B[z[0], x[0]]
    for t in range(1, len(x)):
        p *= hmm.A[z[t - 1], z[t]] * hmm.B[z[t], x[t]]
    return p


def all_paths(hmm, x):
    return {z: path(hmm, z, x) for z in product(range(K), repeat=len(x))}


def joint_table(hmm, steps):
    """P(x_1 … x_steps) for all V^steps texts, by summing over all paths: axes are steps."""
    joint = np.zeros((V,) * steps)
    for x in product(range(V), repeat=steps):
        joint[x] = sum(all_paths(hmm, x).values())
    return joint


def random_text(rng, length=40):
    """Tokens 0 … V - 2 (one is never seen), each pair of them at least once."""
    pairs = [token for pair in product(range(V - 1), repeat=2) for token in pair]
    return np.concatenate([rng.integers(V - 1, size=length), pairs])


def uneven_text(rng, length=60):
    """Tokens 0 … V - 2, some pairs of which never come and some seldom: the tokens have different
    numbers of neighbours, after them (3, 2, 1) and before them (3, 1, 2)."""
    follows = np.zeros((V - 1, V - 1))
    for token, weights in enumerate([[9, 6, 2], [9, 0, 9], [9, 0, 0]]):
        follows[token] = rng.dirichlet(np.array(weights) + 1e-9)
    text = [0]
    for _ in range(length):
        text.append(int(rng.choice(V - 1, p=follows[text[-1]])))
    return np.array(text)


def grams(ids, k):
    return [tuple(ids[j : j + k].tolist()) for j in range(len(ids) - k + 1)]


@pytest.mark.equation("eq-sequences-window", tolerance=1e-12)
def test_window(check, rng):
    """Left the sum over places, right torch's one dense layer on the characters side by side."""
    x, W, b = rng.normal(size=(T, N, V)), rng.normal(size=(T, V, H)), rng.normal(size=H)
    left = sum(x[p] @ W[p] for p in range(T)) + b
    side_by_side = torch.tensor(np.concatenate(x, axis=1))  # (N, T V)
    weight = torch.tensor(W.reshape(T * V, H).T.copy())  # (H, T V), torch's layout
    right = torch.nn.functional.linear(side_by_side, weight, torch.tensor(b))
    planted = {
        "one matrix for all places": x.sum(axis=0) @ W[0] + b,
        "a bias at each place": left + (T - 1) * b,
        "the newest character with the first matrix": sum(x[p] @ W[T - 1 - p] for p in range(T))
        + b,
        "the last place left out": left - x[-1] @ W[-1],
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-sequences-embedding", tolerance=1e-12)
def test_embedding(check, rng):
    """Left the product with one-hot rows, right torch's look-up."""
    E, i = rng.normal(size=(V, D)), rng.permutation(V)[:N]
    one_hot = np.array([[float(v == j) for v in range(V)] for j in i])
    right = torch.nn.functional.embedding(torch.tensor(i), torch.tensor(E))
    planted = {
        "counted from 1": E[i - 1],
        "the number itself times a row": i[:, None] * E[1],
        "ones up to the number": E.cumsum(axis=0)[i],
    }
    check(one_hot @ E, right, planted=planted)


@pytest.mark.equation("eq-sequences-chain", tolerance=1e-12)
def test_chain(check, rng):
    """Left a random joint distribution of T steps, right the product of its conditionals."""
    joint = rng.dirichlet(np.ones(V**T)).reshape((V,) * T)

    def marginal(steps):
        """Of these steps, counted from 0; the other axes have length 1."""
        return joint.sum(axis=tuple(set(range(T)) - set(steps)), keepdims=True)

    def conditional(t, given):
        return marginal([*given, t]) / marginal(given)

    def product_of(*factors):
        return np.prod(np.broadcast_arrays(joint, *factors)[1:], axis=0)

    right = product_of(*(conditional(t, range(t)) for t in range(T)))
    planted = {
        "Markov product": product_of(*(conditional(t, [t - 1] * (t > 0)) for t in range(T))),
        "without P(x_1)": right / marginal([0]),
        "without the last factor": right / conditional(T - 1, range(T - 1)),
        "tokens independent": product_of(*(marginal([t]) for t in range(T))),
        "the newest token not in the condition": product_of(
            *(conditional(t, range(t - 1)) for t in range(T))
        ),
    }
    check(joint, right, planted=planted)


@pytest.mark.equation("eq-sequences-count", tolerance=1e-6)
def test_count(check, rng):
    """Left the ratio of counts, right the most probable parameters of the text, by search."""
    text = random_text(rng)
    counts = Counter(grams(text, 2))
    contexts = range(V - 1)
    ratio = np.array(
        [
            [counts[c, v] / sum(counts[c, w] for w in range(V)) for v in range(V - 1)]
            for c in contexts
        ]
    )
    u = torch.zeros(V - 1, V - 1, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS(
        [u], max_iter=500, tolerance_grad=1e-13, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def objective():
        search.zero_grad()
        value = -torch.log_softmax(u, dim=1)[text[:-1], text[1:]].mean()
        value.backward()
        return value

    search.step(objective)
    occurrences = np.bincount(text, minlength=V - 1)[: V - 1, None]
    pairs = np.array([[counts[c, v] for v in contexts] for c in contexts])
    planted = {
        "add-one": (pairs + 1) / (pairs.sum(axis=1, keepdims=True) + V - 1),
        "divided by the number of v": pairs / occurrences.T,
        "divided by all pairs": pairs / pairs.sum(),
    }
    check(ratio, torch.softmax(u, dim=1), planted=planted)


@pytest.mark.equation("eq-sequences-markov", tolerance=1e-12)
def test_markov(check, rng):
    """For a chain in which two tokens decide (n = 3), both sides summed out of its joint
    distribution of T steps: left given all four earlier tokens, right given the last two."""
    start, step = rng.dirichlet(np.ones(V * V)).reshape(V, V), rng.dirichlet(np.ones(V), (V, V))
    joint = np.einsum("ab,abc,bcd,cde->abcde", start, step, step, step)
    left = joint / joint.sum(axis=4, keepdims=True)

    def given(*axes):
        table = joint.sum(axis=tuple(set(range(4)) - set(axes)), keepdims=True)
        return np.broadcast_to(table / table.sum(axis=4, keepdims=True), joint.shape)

    planted = {
        "n - 2 tokens": given(3),
        "the first two tokens": given(0, 1),
        "one token too early": given(1, 2),
        "no condition": given(),
    }
    check(left, given(2, 3), planted=planted)


def conditionals(hmm, x):
    """P(x_t | x_1, …, x_{t-1}) for each t: shares of the texts that begin alike, by all paths."""
    steps = range(len(x))
    p = np.array([[sum(all_paths(hmm, (*x[:t], v)).values()) for v in range(V)] for t in steps])
    return p[steps, x] / p.sum(axis=1)


@pytest.mark.equation("eq-sequences-cross-entropy", tolerance=1e-12)
def test_cross_entropy(check, rng):
    """Left the mean over steps of what each token costs after the ones before; right from
    P(x_1 … x_T), by the forward algorithm."""
    hmm = hidden_markov_model(rng)
    x = tuple(rng.integers(V, size=T).tolist())
    p = conditionals(hmm, x)
    left = -np.mean(np.log(p))
    alone = [sum(all_paths(hmm, (v,)).values()) for v in x]
    planted = {
        "sum": left * T,
        "no minus sign": -left,
        "bits": left / np.log(2),
        "log of the mean": -np.log(p.mean()),
        "the condition forgotten": -np.mean(np.log(alone)),
        "the first token not counted": -np.sum(np.log(p[1:])) / T,
    }
    check(left, -np.log(forward(hmm, x)[-1].sum()) / T, planted=planted)
    assert np.isclose(-hmm.forward(np.array(x))[0].mean(), left, rtol=1e-12)


@pytest.mark.equation("eq-sequences-perplexity", tolerance=1e-12)
def test_perplexity(check, rng):
    """Left exp of the mean cost, right the root of the probability of the whole text, by paths."""
    hmm = hidden_markov_model(rng)
    x = tuple(rng.integers(V, size=T).tolist())
    p, whole = conditionals(hmm, x), sum(all_paths(hmm, x).values())
    L = -np.mean(np.log(p))
    planted = {
        "no minus sign": np.exp(-L),
        "sum for mean": np.exp(T * L),
        "2 to the nats": 2**L,
        "mean of 1/P": np.mean(1 / p),
        "root of T - 1": whole ** (-1 / (T - 1)),
        "power T for the root": whole**-T,
    }
    check(np.exp(L), whole ** (-1 / T), planted=planted)


@pytest.mark.equation("eq-sequences-bits", tolerance=1e-12)
def test_bits(check, rng):
    """Left both sides as printed, right the mean length of an ideal code, -log2 P a token; and
    the package's perplexity."""
    model = NGram.fit(random_text(rng), 2, V)
    x = rng.integers(V, size=T)
    p = np.array([model.distribution(x[:t])[x[t]] for t in range(T)])
    code = np.mean(-np.log2(p))
    L = -np.mean(np.log(p))
    ppl = np.prod(p) ** (-1 / T)
    wrong = {
        "nats": L,
        "multiplied by log 2": L * np.log(2),
        "the logarithm to base 10": L / np.log(10),
        "the perplexity itself": ppl,
    }
    planted = {name: (value, value, ppl) for name, value in wrong.items()}
    check((np.log2(ppl), L / np.log(2), ppl), (code, code, model.perplexity(x)), planted=planted)


def after(table, context):
    """n(c v) for all v, from a table of k-grams."""
    return np.array([table[(*context, v)] for v in range(V)], float)


CONTEXTS = list(product(range(V), repeat=2))


def for_all(distribution):
    """One row for each context of two tokens."""
    return np.array([distribution(c) for c in CONTEXTS])


@pytest.mark.equation("eq-sequences-add-one", tolerance=1e-12)
def test_add_one(check, rng):
    """Left the formula; right shares in a list of all trigrams to which each possible one is
    added once more, and the package; all contexts at once."""
    text = uneven_text(rng)
    table = Counter(grams(text, 3))
    n = for_all(lambda c: after(table, c))
    total = n.sum(axis=1, keepdims=True)
    longer = grams(text, 3) + list(product(range(V), repeat=3))

    def share(c):
        came = [gram[2] for gram in longer if gram[:2] == c]
        return np.array([came.count(v) / len(came) for v in range(V)])

    model = NGram.fit(text, 3, V, "add-one")
    planted = {
        "+ 1 below": (n + 1) / (total + 1),
        "seen tokens only": (n + 1) / (total + V - 1),
        "nothing added above": n / (total + V),
        "V² below": (n + 1) / (total + V**2),
    }
    left = (n + 1) / (total + V)
    right = (for_all(share), for_all(model.distribution))
    planted = {name: (wrong, wrong) for name, wrong in planted.items()}
    check((left, left), right, planted=planted)


def witten_bell(text, c, weight=lambda n, r: r, shorten=lambda c: c[1:], below=0):
    """As printed, by recursion, and P_{k-1} after a context never seen; `weight` is r(c)."""
    shorter = witten_bell(text, shorten(c), weight, shorten, below) if c else np.full(V, 1 / V)
    n = after(Counter(grams(text, len(c) + 1)), c)
    if not n.any():
        return shorter
    r = weight(n, np.sum(n > 0))
    return (n + r * shorter) / (n.sum() + r + below)


def by_reading(text, c):
    """Whenever a token comes after c, or comes there for the first time, a ticket: with its
    name, or blank. Draw one; a blank asks the shorter context."""
    shorter = by_reading(text, c[1:]) if c else np.full(V, 1 / V)
    tickets, known = [], set()
    for gram in grams(text, len(c) + 1):
        if gram[:-1] == tuple(c):
            tickets.append(np.eye(V)[gram[-1]])
            if gram[-1] not in known:
                tickets.append(shorter)
            known.add(gram[-1])
    return np.mean(tickets, axis=0) if tickets else shorter


@pytest.mark.equation("eq-sequences-witten-bell", tolerance=1e-12)
def test_witten_bell(check, rng):
    """Left the formula on dictionaries of counts; right a draw of tickets, collected in one
    reading of the text, and the package; all contexts at once."""
    text = uneven_text(rng)
    model = NGram.fit(text, 3, V, "witten-bell")
    left = for_all(lambda c: witten_bell(text, c))
    right = (for_all(lambda c: by_reading(text, c)), for_all(model.distribution))
    wrong = {
        "V for r(c)": {"weight": lambda n, r: V},
        "1 for r(c)": {"weight": lambda n, r: 1},
        "r(c) among the tokens seen once": {"weight": lambda n, r: np.sum(n == 1)},
        "the newest token dropped": {"shorten": lambda c: c[:-1]},
        "one more below": {"below": 1},
    }
    planted = {
        name: 2 * (for_all(lambda c, options=options: witten_bell(text, c, **options)),)
        for name, options in wrong.items()
    }
    check((left, left), right, planted=planted)


def neighbour_counts(text, k, begin=False):
    """n_k for k < n: how many different tokens came before each k-gram. With `begin`, the
    beginning of the text is one of them, as in the package."""
    before = {(a, *rest) for a, *rest in grams(text, k + 1)}
    if begin:
        before.add(("beginning", *grams(text, k)[0]))
    return Counter(gram[1:] for gram in before)


def discount_of(table):
    once, twice = (sum(count == m for count in table.values()) for m in (1, 2))
    return once / (once + 2 * twice) if once else 0.5


def kneser_ney(text, n, c, freed=lambda d, r: d * r, tables=None, shorten=lambda c: c[1:]):
    """As printed, by recursion, and P_{k-1} after a context never seen; d_k = 1/2 where nothing
    was counted once. `tables` is k -> n_k."""
    k = len(c) + 1
    tables = tables or (lambda k: neighbour_counts(text, k) if k < n else Counter(grams(text, k)))
    shorter = kneser_ney(text, n, shorten(c), freed, tables, shorten) if c else np.full(V, 1 / V)
    n_k, d = after(tables(k), c), discount_of(tables(k))
    if not n_k.any():
        return shorter
    r = np.sum(n_k > 0)
    return (np.maximum(n_k - d, 0) + freed(d, r) * shorter) / n_k.sum()


def by_handing_on(text, n, c):
    """Heaps of n_k(c v) grains each; every heap gives d_k away, the pool is dealt out like P_{k-1},
    and the shares of all grains are taken. Neighbours are looked for token by token."""
    shorter = by_handing_on(text, n, c[1:]) if c else np.full(V, 1 / V)
    k = len(c) + 1
    found = {}
    for gram in set(product(range(V), repeat=k)) & set(grams(text, k)):
        with_neighbour = [(a, *gram) for a in range(V)] if k < n else [gram]
        longer = grams(text, k + 1) if k < n else grams(text, k)
        found[gram] = sum(
            min(longer.count(g), 1) if k < n else longer.count(g) for g in with_neighbour
        )
    heaps = {v: float(found[*c, v]) for v in range(V) if found.get((*c, v))}
    if not heaps:
        return shorter
    d, pool = discount_of(found), 0.0
    for v in heaps:
        heaps[v] -= d
        pool += d
    grains = np.array([heaps.get(v, 0) for v in range(V)]) + pool * shorter
    return grains / grains.sum()


@pytest.mark.equation("eq-sequences-kneser-ney", tolerance=1e-12)
def test_kneser_ney(check, rng):
    """Left the formula on dictionaries of counts; right grains that change heaps, counted by
    brute force, and the package, for which the beginning of the text came before it."""
    text = uneven_text(rng)

    def as_package(k):
        return neighbour_counts(text, k, begin=True) if k < 3 else Counter(grams(text, k))

    model = NGram.fit(text, 3, V)
    right = (for_all(lambda c: by_handing_on(text, 3, c)), for_all(model.distribution))
    left = (
        for_all(lambda c: kneser_ney(text, 3, c)),
        for_all(lambda c: kneser_ney(text, 3, c, tables=as_package)),
    )
    wrong = {
        "ordinary counts in short contexts": {"tables": lambda k: Counter(grams(text, k))},
        "neighbours in the longest, too": {"tables": lambda k: neighbour_counts(text, k)},
        "one discount handed on": {"freed": lambda d, r: d},
        "r without d": {"freed": lambda d, r: r},
        "the newest token dropped": {"shorten": lambda c: c[:-1]},
    }
    planted = {
        name: (for_all(lambda c, options=options: kneser_ney(text, 3, c, **options)), left[1])
        for name, options in wrong.items()
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-sequences-marginal", tolerance=1e-12)
def test_marginal(check, rng):
    """Left bigrams smoothed by the formula and averaged, right how often each token came."""
    text, D = uneven_text(rng), 0.7
    n = np.zeros((V, V))
    for pair in grams(text, 2):
        n[pair] += 1
    r, total = (n > 0).sum(axis=1), n.sum(axis=1)

    def averaged(weights, weigh=total, freed=D):
        P_1, seen = weights / weights.sum(), total > 0
        P_2 = (np.maximum(n - D, 0) + freed * r[:, None] * P_1)[seen] / total[seen, None]
        return weigh[seen] @ P_2

    n_1 = after(neighbour_counts(text, 1), ())  # different tokens before, as for eq-…-kneser-ney
    right = np.array([np.sum(text[1:] == v) for v in range(V)])
    planted = {
        "ordinary counts": averaged(right),
        "even guess": averaged(np.ones(V)),
        "seen tokens alike": averaged(n_1 > 0),
        "different tokens after, not before": averaged(r),
        "contexts weighed alike": averaged(n_1, weigh=np.full(V, total.mean())),
        "all of the count handed on": averaged(n_1, freed=1),
    }
    check(averaged(n_1), right, planted=planted)


@pytest.mark.equation("eq-sequences-softmax", tolerance=1e-12)
def test_softmax(check, rng):
    """Left the formula; right autograd of the logarithm of the sum of exponentials, and the
    package's, which subtracts the largest logit first."""
    u = 3 * rng.normal(size=(T, N, V))
    e = np.exp(u)
    u_torch = torch.tensor(u, requires_grad=True)
    torch.logsumexp(u_torch, dim=-1).sum().backward()
    left = e / e.sum(axis=-1, keepdims=True)
    wrong = {
        "summed over the batch": e / e.sum(axis=1, keepdims=True),
        "squares for exponentials": u**2 / (u**2).sum(axis=-1, keepdims=True),
        "powers of two": 2**u / (2**u).sum(axis=-1, keepdims=True),
        "not divided": e,
        "the least likely first": (1 / e) / (1 / e).sum(axis=-1, keepdims=True),
    }
    planted = {name: (value, value) for name, value in wrong.items()}
    check((left, left), (u_torch.grad, loss.softmax(u)), planted=planted)


@pytest.mark.equation("eq-sequences-loss", tolerance=1e-12)
def test_loss(check, rng):
    """Left the sum over the vocabulary, right torch's loss for a class number."""
    u, target = rng.normal(size=V), int(rng.integers(V))
    y, y_hat = np.eye(V)[target], np.exp(u) / np.exp(u).sum()
    right = torch.nn.functional.cross_entropy(torch.tensor(u), torch.tensor(target))
    planted = {
        "no minus sign": np.sum(y * np.log(y_hat)),
        "y and ŷ exchanged": -np.sum(y_hat * np.log(y + 1e-9)),
        "the logit for its softmax": -u[target],
    }
    check(-np.sum(y * np.log(y_hat)), right, planted=planted)


@pytest.mark.equation("eq-sequences-gradient", tolerance=1e-10)
def test_gradient(check, rng):
    """Left prediction minus target, right autograd through the logarithm of softmax."""
    u, target = rng.normal(size=V), int(rng.integers(V))
    y, y_hat = np.eye(V)[target], np.exp(u) / np.exp(u).sum()
    u_torch = torch.tensor(u, requires_grad=True)
    (-torch.tensor(y) * torch.log(torch.softmax(u_torch, dim=0))).sum().backward()
    planted = {
        "uphill": y - y_hat,
        "through the log only": -y / y_hat,
        "diagonal of softmax's Jacobian only": -y * (1 - y_hat),
    }
    check(y_hat - y, u_torch.grad, planted=planted)


def forward(hmm, x, A=None, late=0):
    """The recursion as printed. Planted: another A, or each emission `late` steps back."""
    A = hmm.A if A is None else A
    alpha = [hmm.pi * hmm.B[:, x[0]]]
    for t in range(1, len(x)):
        alpha.append((alpha[-1] @ A) * hmm.B[:, x[t - late]])
    return np.array(alpha)


@pytest.mark.equation("eq-sequences-forward", tolerance=1e-12)
def test_forward(check, rng):
    """Left the recursion, right for each t and j the sum over all paths with z_t = j."""
    hmm = hidden_markov_model(rng)
    x = rng.integers(V, size=T)
    right = np.zeros((T, K))
    for t in range(T):
        for z, p in all_paths(hmm, x[: t + 1]).items():
            right[t, z[-1]] += p
    planted = {
        "A transposed": forward(hmm, x, hmm.A.T),
        "the token before": forward(hmm, x, late=1),
        "A before the first token": forward(HMM(hmm.pi @ hmm.A, hmm.A, hmm.B), x),
    }
    check(forward(hmm, x), right, planted=planted)


@pytest.mark.equation("eq-sequences-likelihood", tolerance=1e-12)
def test_likelihood(check, rng):
    """Left all paths, right the sum of the last state."""
    hmm = hidden_markov_model(rng)
    x = rng.integers(V, size=T)
    paths = all_paths(hmm, x)
    planted = {
        "the best path": max(paths.values()),
        "tokens independent": np.prod([sum(all_paths(hmm, [v]).values()) for v in x]),
        "all states": forward(hmm, x).sum(),
    }
    check(sum(paths.values()), forward(hmm, x)[-1].sum(), planted=planted)


@pytest.mark.equation("eq-sequences-predict", tolerance=1e-12)
def test_predict(check, rng):
    """Left a ratio of probabilities of texts, by enumeration; right from the state."""
    hmm = hidden_markov_model(rng)
    x = tuple(rng.integers(V, size=3))
    joint = joint_table(hmm, 4)
    left = joint[x] / joint[x].sum()
    alpha = forward(hmm, x)[-1]
    planted = {
        "not divided": alpha @ hmm.A @ hmm.B,
        "without the step": alpha @ hmm.B / alpha.sum(),
        "given the last token only": joint.sum(axis=(0, 1))[x[2]]
        / joint.sum(axis=(0, 1))[x[2]].sum(),
    }
    check(left, alpha @ hmm.A @ hmm.B / alpha.sum(), planted=planted)
