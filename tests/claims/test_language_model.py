"""What sentences of the chapter on a character-level language model say."""

import re

import numpy as np
import pytest
import torch

from unrolled.datasets import Vocabulary, corpus
from unrolled.models import LanguageModel, generate

W_XH = np.array([[0.5, 0], [0, 0.5], [-0.5, 0.5], [0, 0]])
W_HH = np.array([[0, 0.5], [-0.5, 0]])
W_HY = np.array([[0, 1.0, 0, -1], [-1, 0, 1, 0]])


def hell(W_hh=W_HH, tau=1.0):
    """What is inside the tanh, states, logits, probabilities, and those of e, l, l and o."""
    h, rows = np.zeros(2), []
    for x in (0, 1, 2, 2):  # h, e, l, l in the alphabet h, e, l, o
        a = W_XH[x] + h @ W_hh
        h = np.tanh(a)
        u = h @ W_HY / tau
        y_hat = np.exp(u - u.max())
        rows.append((a, h, u, y_hat / y_hat.sum()))
    a, h, u, y_hat = (np.array(part) for part in zip(*rows, strict=True))
    return a, h, u, y_hat, y_hat[range(4), [1, 2, 2, 3]]


def close(left, right, digits=3):
    return np.allclose(left, right, atol=0.51 * 10.0**-digits)


def test_monkey(claim):
    """A word that does not begin as it ends is waited for one over its probability, on average."""
    claim(
        "Five right keys in a row are one case in $27^5$, which is more than 14 million. With a"
        " keystroke every second, day and night, you would wait more than five months on average."
    )
    word = "hello"
    assert not any(word[:n] == word[-n:] for n in range(1, 5))
    assert 14e6 < 27**5 < 14.5e6 and 5 < 27**5 / 86_400 / 31 < 6


def test_hello_by_hand(claim):
    """All numbers of the four steps."""
    claim(
        "The exponentials are 1, 1.587, 1 and 0.630, together 4.217, so the *e* gets"
        " $1.587/4.217 = 0.376$. It is the largest of the four, and the *e* is what comes."
        " The cost is $-\\log 0.376 = 0.977$."
    )
    claim("Half of the old unit 1, which is 0.231, goes to unit 2.")
    claim(
        "Now unit 2 votes for *l*, and the logits are $(-0.624, 0, 0.624, 0)$. The *l* gets"
        " $1.866/4.402 = 0.424$, at a cost of 0.858."
    )
    claim("Inside the tanh we have $(-0.812, 0.5)$, so $h_3 = (-0.671, 0.462)$.")
    claim("Inside the tanh we have $(-0.731, 0.165)$, so $h_4 = (-0.624, 0.163)$.")
    claim("Together the four costs make 3.78, and their average is $3.78/4 = 0.945$.")
    a, h, u, y_hat, came = hell()
    e = np.exp(u)
    assert close(e[0], [1, 1.587, 1, 0.630]) and close(e[0].sum(), 4.217)
    assert close(y_hat[0, 1], 0.376) and y_hat[0].argmax() == 1
    assert close(h[0, 0] / 2, 0.231) and close(a[1], [0, 0.731]) and close(h[1], [0, 0.624])
    assert close(u[1], [-0.624, 0, 0.624, 0]) and close([e[1, 2], e[1].sum()], [1.866, 4.402])
    assert close(h[1, 1] / 2, 0.312) and close(a[2], [-0.812, 0.5])
    assert close(h[2], [-0.671, 0.462]) and close(y_hat[2, 2:], [0.339, 0.417])
    assert close([h[2, 1] / 2, h[2, 0] / 2], [0.231, -0.335])
    assert close(a[3], [-0.731, 0.165]) and close(h[3], [-0.624, 0.163])
    assert close(-np.log(came), [0.977, 0.858, 1.082, 0.864])
    assert close(-np.log(came).sum(), 3.78, 2) and close(np.exp(-np.log(came).mean()), 2.57, 2)


def test_bias_of_l(claim):
    """The gradient of the bias of l, by finite differences."""
    claim(
        "For *l*, the four probabilities were 0.237, 0.424, 0.339 and 0.266, on average 0.316. An"
        " *l* came in two steps of four, so the entry is $0.316 - 0.5 = -0.184$."
    )
    _, _, u, y_hat, _ = hell()
    assert close(y_hat[:, 2], [0.237, 0.424, 0.339, 0.266]) and close(y_hat[:, 2].mean(), 0.316)

    def loss(b):
        shifted = u + b * np.eye(4)[2]
        y_hat = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        return -np.log(y_hat[range(4), [1, 2, 2, 3]]).mean()

    assert close((loss(1e-5) - loss(-1e-5)) / 2e-5, -0.184)


def test_ends_of_the_dial(claim):
    """Nearly 0 and nearly without end, for the network of hello before it is trained."""
    claim(
        "At $\\tau\\to0$ it would be infinitely bad, because after *hel* its first choice was *o*."
    )
    claim("This is where the dial leads for large $\\tau$, whatever the model.")
    perplexity = {tau: np.exp(-np.log(hell(tau=tau)[-1]).mean()) for tau in (0.002, 0.02, 1e6)}
    assert perplexity[0.002] > 1e6 * perplexity[0.02] and np.isclose(perplexity[1e6], 4)
    assert [row.argmax() for row in hell()[3]] == [1, 2, 3, 3]


def test_floor_of_hello(claim):
    """All models that know the last letter only: two numbers decide, what follows l."""
    claim("So the perplexity is $e^{\\frac12\\log2} = \\sqrt2 = 1.41$.")
    after_l = np.linspace(0.001, 0.999, 999)  # to an l; what is left goes to an o
    assert np.isclose(np.min((after_l * (1 - after_l)) ** -0.25), np.sqrt(2), rtol=1e-5)


def test_floor_of_the_manual(claim):
    """The pairs of the held-out text, counted."""
    claim(
        "For the held-out text, with its own pairs counted, this is a perplexity of a little less"
        " than ten."
    )
    text = "\n\n".join(dict.fromkeys(corpus.documentation().split("\n\n")))
    ids = np.array(Vocabulary.of(text).encode(corpus.hold_out_end(text)[1][:10_000]))
    n = np.zeros((ids.max() + 1, ids.max() + 1))
    np.add.at(n, (ids[:-1], ids[1:]), 1)
    share = n / np.maximum(1, n.sum(axis=1, keepdims=True))
    assert 9 < np.exp(-(n[n > 0] * np.log(share[n > 0])).sum() / n.sum()) < 10


def test_solutions_by_pen(claim):
    """The three exercises with a pen, and the fourth question."""
    claim(
        "At $\\frac12$ the squares are 81, 16 and 1, together 98, which gives 0.827, 0.163 and"
        " 0.010."
    )
    claim(
        "The product is $0.5905\\times0.01 = 0.005905$, its sixth root is 0.425, and"
        " $1/0.425 = 2.35$."
    )
    claim("Now it is the second *l* that goes wrong.")
    assert close(np.array([81, 16, 1]) / 98, [0.827, 0.163, 0.010])
    assert close((0.9**5 * 0.01) ** (1 / 6), 0.425) and close((0.9**5 * 0.01) ** (-1 / 6), 2.35, 2)
    assert close(4.0**-6 / 0.9**5, 0.0004, 4)
    _, h, _, y_hat, came = hell(-W_HH)
    assert close(h[1:], [[0, 0.263], [-0.353, 0.462], [-0.263, 0.589]])
    assert close(-np.log(came), [0.977, 1.141, 1.006, 1.225])
    assert [row.argmax() for row in y_hat] == [1, 2, 2, 2]


@pytest.fixture(scope="module")
def manual():
    """Names that the page's functions use: training text, held-out ids, symbols, known words."""
    text = "\n\n".join(dict.fromkeys(corpus.documentation().split("\n\n")))
    train_text, held_out = corpus.hold_out_end(text)
    symbols = Vocabulary.of(text)
    known_words = set(re.findall(r"[a-z]{4,}", train_text.lower()))
    ids = symbols.encode(held_out[:10_000])
    names = "train_text", "symbols", "held_out_ids", "known_words"
    return dict(zip(names, (train_text, symbols, ids, known_words), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_film_from_other_starts(claim, manual, seed):
    """The page's film, with weights from another seed; then without a state; then the dial."""
    claim("Of those with two or three letters, such as *the* and *is*, most are real.")
    claim(
        "A longer word ends in *-ing*, *-ed* or *-tion* about as often as in the manual, though"
        " the word itself often does not exist."
    )
    claim(
        "With the state at least three words in ten existed each time, and without it at most"
        " three in a hundred."
    )
    claim(
        "At 0.3 nearly all the words exist, since it writes only the commonest ones, and the text"
        " goes round in circles."
    )
    claim("In the picture it is best near 1.")
    page = claim.definitions()
    page.update(manual)
    torch.manual_seed(seed)
    model = LanguageModel(page["symbols"], H=128, cell="RNN")
    frames = page["film"](model)
    exist = {n: page["exist"](texts) for n, (_, texts) in frames.items()}
    torch.manual_seed(seed)
    forgetful = page["Forgetful"](page["symbols"], H=128, cell="RNN")
    without = page["exist"](page["film"](forgetful, moments=(500,))[500][1])
    print(seed, exist, without, [round(value, 2) for value, _ in frames.values()])
    assert exist[20] < 0.05 < exist[100] < 0.2 and exist[500] >= 0.3 and without <= 0.03
    assert 90 < frames[0][0] < 115 and frames[20][0] < 30

    def short(texts):
        return re.findall(r"\b[a-z]{2,3}\b", " ".join(texts))

    def endings(text):
        return np.mean([bool(re.search("(ing|ed|tion)$", word)) for word in page["words"](text)])

    known = set(short([page["train_text"]]))
    assert np.mean([word in known for word in short(frames[100][1])]) > 0.6
    ratio = endings(" ".join(frames[200][1])) / endings(page["train_text"])
    assert 0.6 < ratio < 1.6

    rng = torch.Generator()
    dial = {}
    for tau in (0.3, 1.5):
        rng.manual_seed(seed)
        dial[tau] = generate(model, "The ", 300, rng, lambda u, tau=tau: u / tau, N=8)
    print(page["exist"](dial[0.3]), page["exist"](dial[1.5]))
    assert page["exist"](dial[0.3]) > 0.88 and page["exist"](dial[1.5]) < 0.2
    cold, warm = (page["words"](" ".join(dial[tau])) for tau in (0.3, 1.5))
    assert len(set(cold)) / len(cold) < 0.5 < len(set(warm)) / len(warm)
    held = torch.as_tensor(page["held_out_ids"])[:, None]
    with torch.no_grad():
        u, _ = model(held[:-1])
    loss = torch.nn.functional.cross_entropy
    curve = {tau: loss(u[:, 0] / tau, held[1:, 0]).item() for tau in (0.6, 0.8, 1, 1.2, 1.5, 2)}
    assert 0.8 <= min(curve, key=curve.get) <= 1.2
