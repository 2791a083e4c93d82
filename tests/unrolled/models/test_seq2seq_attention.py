"""The decoder that looks back: blind to padding, the same by steps as at once, searchable."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.datasets.number_words import NumberWords
from unrolled.datasets.text import END, PAD, START, pad
from unrolled.layers.attention import Additive, Dot
from unrolled.models.seq2seq import exact, sequence_loss, translate
from unrolled.models.seq2seq_attention import Attentive
from unrolled.models.training import train

SIZE, V, H = 9, 7, 6
scores = pytest.mark.parametrize("score", ["dot", "additive"])


def make(score, seed=0, gain=3.0):
    torch.manual_seed(seed)
    model = Attentive(SIZE, V, H, 4, score).double()
    for p in model.parameters():  # far from uniform, so that mistakes show
        p.data *= gain
    return model


def batch(lengths=(3, 6, 1, 4), seed=0):
    """Sources of these lengths, and targets of 1 to 5 tokens, END included."""
    rng = np.random.default_rng(seed)
    source, lengths = pad([rng.integers(3, SIZE, size=n) for n in lengths])
    texts = [rng.integers(3, V, size=rng.integers(0, 5)).tolist() for _ in lengths]
    inputs, _ = pad([[START, *t] for t in texts])
    targets, _ = pad([[*t, END] for t in texts])
    return tuple(map(torch.as_tensor, (source, lengths, inputs, targets)))


@scores
def test_each_sentence_is_the_same_alone_and_under_more_padding(score):
    model, (source, lengths, inputs, _) = make(score), batch()
    u = model(source, lengths, inputs)
    assert u.shape == (*inputs.shape, V)
    for n, length in enumerate(lengths):
        alone = model(source[:length, n : n + 1], lengths[n : n + 1], inputs[:, n : n + 1])
        torch.testing.assert_close(alone[:, 0], u[:, n])
    more = nn.functional.pad(source, (0, 0, 0, 3), value=PAD)
    torch.testing.assert_close(model(more, lengths, inputs), u)


@scores
def test_contexts_are_those_of_the_layer_by_hand(score):
    """The last matrix apart: with what is read, where is the weight?"""
    model, (source, lengths, inputs, _) = make(score, gain=1.0), batch()
    s_0, keys, memory, mask = model.encode(source, lengths)
    s, _ = model.decoder(model.target_embedding(inputs), s_0[None])
    s = s.transpose(0, 1)
    Q, K, M = (a.transpose(0, 1).detach().numpy() for a in (model.query(s), keys, memory))
    layer = Dot()
    if score == "additive":
        unit = np.eye(H // 2)  # the model's matrices are already in Q and K
        layer = Additive(unit, unit, model.w.weight[0].detach().numpy())
    C, _ = layer.forward(Q, K, M, mask.T.numpy())
    c = model.weights(s, keys, mask) @ memory
    np.testing.assert_allclose(c.transpose(0, 1).detach(), C, rtol=1e-10)


@scores
def test_scores_are_products_without_a_bias(score):
    """A state of zeros asks for nothing: every score is that of its key alone, or 0."""
    model, (source, lengths, _, _) = make(score), batch()
    _, keys, memory, mask = model.encode(source, lengths)
    alike = torch.zeros(len(lengths), 2, H).double()
    weights = model.weights(alike, keys, mask)
    e = torch.zeros(memory.shape[:2]).double()
    if score == "additive":
        e = torch.tanh(memory @ model.key.weight.T) @ model.w.weight[0]
    expected = e.masked_fill(~mask, -torch.inf).softmax(dim=1)[:, None].expand(-1, 2, -1)
    torch.testing.assert_close(weights, expected)


def test_sizes_unless_others_are_given():
    model = Attentive(SIZE, V)
    assert model.encoder.hidden_size == model.decoder.hidden_size == model.query.out_features == 128
    assert model.source_embedding.embedding_dim == model.target_embedding.embedding_dim == 32
    assert Attentive(SIZE, V, score="additive").query.out_features == 64


@scores
def test_steps_give_the_logits_of_teacher_forcing(score):
    model, (source, lengths, inputs, _) = make(score), batch()
    expected = model(source, lengths, inputs).log_softmax(dim=-1)
    state = model.encode(source, lengths)
    for t, tokens in enumerate(inputs):
        log_p, state = model.step(state, tokens)
        torch.testing.assert_close(log_p, expected[t])


@scores
def test_rows_of_the_state_can_be_picked_and_copied(score):
    """What a beam search does between two steps."""
    model, (source, lengths, inputs, _) = make(score), batch()
    _, state = model.step(model.encode(source, lengths), inputs[0])
    assert all(len(part) == len(lengths) for part in state)
    rows = torch.tensor([2, 2, 0, 3, 1, 1])
    expected, _ = model.step(state, inputs[1])
    log_p, _ = model.step(tuple(part[rows] for part in state), inputs[1, rows])
    torch.testing.assert_close(log_p, expected[rows])


@scores
def test_every_output_has_a_short_way_to_every_true_token(score):
    """Gradient at the memory of its own sentence, for each target token; none at padding."""
    model, (source, lengths, inputs, _) = make(score, gain=1.0), batch()
    s_0, keys, memory, mask = (a.detach() for a in model.encode(source, lengths))
    memory.requires_grad_()
    u, _ = model.decode((s_0, keys, memory, mask), inputs)
    for u_t in u:
        (d,) = torch.autograd.grad(u_t[..., 0].sum(), memory, retain_graph=True)
        assert ((d != 0).any(dim=-1) == mask).all()


def test_it_learns_to_spell_small_numbers():
    torch.manual_seed(0)
    pairs = NumberWords(range(60), ("en", "de"), ("characters", "characters"))
    model = Attentive(len(pairs.source), len(pairs.target), H=32, D=16, score="additive")
    batches = pairs.batches(np.arange(60), 20, np.random.default_rng(0))
    train(model, batches, sequence_loss, steps=150, learning_rate=0.02, clip=1.0, decay=0.5)
    source, lengths, _, targets = map(torch.as_tensor, pairs.batch(range(60)))
    ids = translate(model, source, lengths, 20)
    assert exact(ids, targets).float().mean() > 0.9
    assert pairs.texts(ids)[21] == "einundzwanzig"


def test_wrong_input():
    model, (source, lengths, _, _) = make("dot"), batch()
    with pytest.raises(ValueError, match='"dot" or "additive", got'):
        Attentive(SIZE, V, score="cosine")
    with pytest.raises(ValueError, match="from 1 to S = 6"):
        model.encode(source, lengths - 1)
