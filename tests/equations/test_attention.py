"""The equations of book/sequence-to-sequence/attention.md, each by an independent route."""

import numpy as np
import pytest
import torch
from attentions import LENGTHS, MASK, T_, D, H, N, S, T, draw, softmax
from torch.nn.functional import scaled_dot_product_attention
from translators import gru

from unrolled.datasets.text import START, pad
from unrolled.layers.attention import weigh
from unrolled.models.seq2seq_attention import Attentive


@pytest.mark.equation("eq-attention-weights", tolerance=1e-12)
def test_weights(check, rng):
    """Left: the package, padding and all; right: sums over the true tokens of each sequence."""
    e = rng.normal(size=(N, T, S))

    def printed(lengths, score=e, over=None):
        alpha = np.zeros((N, T, S))
        for n, t in np.ndindex(N, T):
            true = range(lengths[n])
            total = sum(np.exp(score[n, t, i]) for i in (over or true))
            for j in true:
                alpha[n, t, j] = np.exp(score[n, t, j]) / total
        return alpha

    planted = {
        "padding too": printed([S, S]),
        "masked scores set to 0": printed([S, S], np.where(MASK[:, None], e, 0)),
        "masked after the softmax": printed(LENGTHS, over=range(S)),
    }
    check(weigh(e, MASK.T), printed(LENGTHS), planted=planted)


@pytest.mark.equation("eq-attention-context", tolerance=1e-12)
def test_context(check, rng):
    """Left: place by place; right: torch's attention."""
    Q, K, M = draw(rng)
    alpha = weigh(Q @ T_(K) / np.sqrt(H), MASK.T)

    def mean(alpha, M):
        C = np.zeros((N, T, D))
        for n, t, j in np.ndindex(N, T, S):
            C[n, t] += alpha[n, t, j] * M[n, j]
        return C

    right = scaled_dot_product_attention(
        *map(torch.tensor, (Q, K, M)), torch.tensor(MASK)[:, None].expand(-1, T, -1)
    )
    planted = {
        "the best place only": mean(1.0 * (alpha == alpha.max(axis=-1, keepdims=True)), M),
        "a sum, not a mean": mean(alpha * LENGTHS[:, None, None], M),
        "places backwards": mean(alpha, M[:, ::-1]),
    }
    check(mean(alpha, M), right, planted=planted)


@pytest.mark.equation("eq-attention-dot", tolerance=1e-12)
def test_dot(check, rng):
    """Left: softmax of the scores entry by entry; right: torch's weights, read off by the memory
    that is the unit matrix."""
    Q, K, _ = draw(rng)
    e = np.einsum("nth,nsh->nts", Q, K)
    unit = torch.eye(S, dtype=torch.float64).expand(N, -1, -1)
    right = scaled_dot_product_attention(torch.tensor(Q), torch.tensor(K), unit)
    planted = {
        "without the root": softmax(e),
        "divided by H": softmax(e / H),
        "times the root": softmax(e * np.sqrt(H)),
        "the other sign": softmax(-e / np.sqrt(H)),
    }
    check(softmax(e / np.sqrt(H)), right, planted=planted)


@pytest.mark.parametrize("score", ["dot", "additive"])
@pytest.mark.equation("eq-attention-decoder", tolerance=1e-10)
def test_decoder(check, rng, score):
    """Left: the model's probabilities of a padded batch; right: steps in NumPy, each alone."""
    H, V_x, V = 6, 9, 8
    model = Attentive(V_x, V, H, 4, score).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.tensor(rng.normal(size=p.shape)))
    W = {k: v.detach().numpy() for k, v in model.named_parameters()}
    source, lengths = pad([rng.integers(3, V_x, size=n) for n in (5, 2, 4)])
    inputs = rng.integers(3, V, size=(7, 3))
    inputs[0] = START

    def written(query_late=True, order=1, squash=np.tanh):
        y_hat = np.zeros((7, 3, V))
        for n, length in enumerate(lengths):
            h, states = np.zeros(H), []
            for x in source[:length, n]:
                h = gru(model.encoder, W["source_embedding.weight"][x], h)
                states.append(h)
            states = np.array(states)
            K = states @ W["key.weight"].T
            for t, y in enumerate(inputs[:, n]):
                before, h = h, gru(model.decoder, W["target_embedding.weight"][y], h)
                q = (h if query_late else before) @ W["query.weight"].T
                e = K @ q / np.sqrt(H) if score == "dot" else np.tanh(q + K) @ W["w.weight"][0]
                both = np.concatenate([h, softmax(e) @ states][::order])
                s_tilde = squash(both @ W["join.weight"].T + W["join.bias"])
                y_hat[t, n] = softmax(s_tilde @ W["output.weight"].T + W["output.bias"])
        return y_hat

    left = model(*map(torch.as_tensor, (source, lengths, inputs))).softmax(dim=-1)
    planted = {
        "asks with the state before": written(False),
        "context first": written(order=-1),
        "no tanh": written(squash=lambda a: a),
    }
    check(left, written(), planted=planted)
