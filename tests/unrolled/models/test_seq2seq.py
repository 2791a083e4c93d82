"""The encoder–decoder: blind to padding, the same by steps as at once, greedy by its own steps."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.datasets.number_words import NumberWords
from unrolled.datasets.text import END, PAD, START, pad
from unrolled.layers.loss import cross_entropy
from unrolled.models.seq2seq import EncoderDecoder, Reminded, exact, sequence_loss, translate
from unrolled.models.training import train

SIZE, V = 9, 7  # of the two vocabularies


def make(seed=0, gain=3.0, kind=EncoderDecoder):
    torch.manual_seed(seed)
    model = kind(SIZE, V, H=5, D=4).double()
    for p in model.parameters():  # far from uniform, so that mistakes show
        p.data *= gain
    return model


def batch(lengths, seed=0):
    """Sources of these lengths, and targets of 1 to 5 tokens, END included."""
    rng = np.random.default_rng(seed)
    source, lengths = pad([rng.integers(3, SIZE, size=n) for n in lengths])
    texts = [rng.integers(3, V, size=rng.integers(0, 5)).tolist() for _ in lengths]
    inputs, _ = pad([[START, *t] for t in texts])
    targets, _ = pad([[*t, END] for t in texts])
    return tuple(map(torch.as_tensor, (source, lengths, inputs, targets)))


def test_the_context_is_each_one_read_alone():
    model, (source, lengths, _, _) = make(), batch([3, 6, 1, 4])
    context = model.encode(source, lengths)
    assert context.shape == (4, 5)
    for n, length in enumerate(lengths):
        _, last = model.encoder(model.source_embedding(source[:length, n : n + 1]))
        torch.testing.assert_close(context[n], last[0, 0])
    more = torch.cat([source, torch.full((3, 4), PAD)])
    torch.testing.assert_close(model.encode(more, lengths), context)


def test_the_context_is_that_of_packed_sequences():
    """torch's own way to skip the padding."""
    model, (source, lengths, _, _) = make(), batch([3, 6, 1, 4])
    packed = nn.utils.rnn.pack_padded_sequence(
        model.source_embedding(source), lengths, enforce_sorted=False
    )
    _, last = model.encoder(packed)
    torch.testing.assert_close(model.encode(source, lengths), last[0])


def test_a_logit_sees_the_whole_source_and_the_target_before_it():
    model, (source, lengths, inputs, _) = make(gain=2.0), batch([3, 6, 2, 4])
    u = model(source, lengths, inputs)
    assert u.shape == (*inputs.shape, V)
    for s, n in [(0, 1), (5, 1), (3, 3)]:
        changed = source.clone()
        changed[s, n] = 3 + (source[s, n] - 2) % (SIZE - 3)
        moved = (model(changed, lengths, inputs) - u).abs().amax(dim=-1) > 0  # (T, N)
        assert moved[:, n].all() and moved.sum() == len(inputs)
    changed = inputs.clone()
    changed[2, 1] = (inputs[2, 1] + 1) % V
    moved = (model(source, lengths, changed) - u).abs().amax(dim=-1) > 0
    assert moved[2:, 1].all() and moved.sum() == len(inputs) - 2


def test_steps_give_the_logits_of_teacher_forcing():
    model, (source, lengths, inputs, _) = make(), batch([3, 6, 1, 4])
    expected = model(source, lengths, inputs).log_softmax(dim=-1)
    state = model.encode(source, lengths)
    for t, tokens in enumerate(inputs):
        log_p, state = model.step(state, tokens)
        torch.testing.assert_close(log_p, expected[t])
    _, after = model.decode(model.encode(source, lengths), inputs)  # all at once
    torch.testing.assert_close(after, state)


def test_a_reminded_decoder_reads_the_one_context_at_every_step():
    model, (source, lengths, inputs, _) = make(kind=Reminded), batch([3, 6, 1, 4])
    expected = model(source, lengths, inputs).log_softmax(dim=-1)
    c = EncoderDecoder.encode(model, source, lengths)
    s, state = c[None], model.encode(source, lengths)
    for t, tokens in enumerate(inputs):
        x = torch.cat([model.target_embedding(tokens), c], dim=-1)
        _, s = model.decoder(x[None], s)
        torch.testing.assert_close(model.output(s[0]).log_softmax(dim=-1), expected[t])
        log_p, state = model.step(state, tokens)
        torch.testing.assert_close(log_p, expected[t])


def test_rows_of_the_state_can_be_picked_and_copied():
    """What a beam search does between two steps."""
    model, (source, lengths, inputs, _) = make(), batch([3, 6, 1, 4])
    _, state = model.step(model.encode(source, lengths), inputs[0])
    rows = torch.tensor([2, 2, 0, 3, 1, 1])
    expected, _ = model.step(state, inputs[1])
    log_p, _ = model.step(state[rows], inputs[1, rows])
    torch.testing.assert_close(log_p, expected[rows])


def test_the_loss_is_the_masked_cross_entropy_by_hand():
    model, (source, lengths, inputs, targets) = make(), batch([3, 6, 1, 4])
    u = model(source, lengths, inputs).detach().numpy()
    expected, _ = cross_entropy(u, targets.numpy(), targets.numpy() != PAD)
    assert (targets == PAD).any()
    value = sequence_loss(model, source, lengths, inputs, targets)
    assert value.item() == pytest.approx(expected, rel=1e-12)


def test_padding_moves_neither_the_loss_nor_a_gradient():
    model, arrays = make(), batch([3, 6, 1, 4])

    def gradient(source, lengths, *rest):
        model.zero_grad()
        value = sequence_loss(model, source, lengths, *rest)
        value.backward()
        return value.detach(), [p.grad.clone() for p in model.parameters()]

    value, grads = gradient(*arrays)
    assert not grads[0][PAD].any() and not grads[1][PAD].any()  # no embedding of PAD is learnt
    longer = [a if a.ndim == 1 else torch.cat([a, torch.full((2, 4), PAD)]) for a in arrays]
    torch.testing.assert_close(gradient(*longer), (value, grads))


def test_greedy_is_a_search_of_one_sequence_at_a_time():
    seen = set()
    for seed in range(8):
        model, (source, lengths, _, _) = make(seed), batch([3, 6, 1, 4], seed)
        ids = translate(model, source, lengths, 12)
        for n, length in enumerate(lengths):
            written = [START]
            while written[-1] != END and len(written) < 13:
                prefix = torch.tensor(written)[:, None]
                u = model(source[:length, n : n + 1], lengths[n : n + 1], prefix)
                written.append(int(u[-1, 0].argmax()))
            expected = written[1:] + [PAD] * (len(ids) - len(written) + 1)
            assert ids[:, n].tolist() == expected
            seen.add(written[-1] == END)
        assert len(ids) == 12 or END in ids[-1]  # stops with the longest
    assert seen == {True, False}  # some ended by themselves, some were cut


def test_exact_match():
    a, b = 3, 4
    targets = torch.tensor([[a, a, a, a], [END, b, END, b], [PAD, END, PAD, END]])
    ids = torch.tensor([[a, a, a, b], [END, b, b, b]])
    assert exact(ids, targets).tolist() == [True, False, False, False]
    assert exact(targets[:, :3], targets[:, :3]).all()
    cut = torch.tensor([[a]])  # of what should be a, END
    assert not exact(cut, targets[:, :1]).any()
    long = torch.cat([targets, torch.tensor([[PAD] * 3 + [a]])])
    assert exact(long, targets).tolist() == [True, True, True, False]


def test_it_learns_to_translate_small_numbers():
    torch.manual_seed(0)
    pairs, rng = NumberWords(range(60)), np.random.default_rng(0)
    model = EncoderDecoder(len(pairs.source), len(pairs.target), H=32, D=16)
    batches = pairs.batches(np.arange(60), 20, rng)
    history = train(
        model, batches, sequence_loss, steps=150, learning_rate=0.02, clip=1.0, decay=0.5
    )
    assert history.loss[-1] < 0.1 < history.loss[0]
    source, lengths, _, targets = map(torch.as_tensor, pairs.batch(range(60)))
    ids = translate(model, source, lengths, 8)
    assert exact(ids, targets).float().mean() > 0.9
    assert pairs.texts(ids)[21] == "vingt et un"


def test_wrong_input():
    model, (source, lengths, _, _) = make(), batch([3, 6, 1, 4])
    for wrong in (lengths[:3], lengths[:, None]):
        with pytest.raises(ValueError, match=r"got \(6, 4\) and"):
            model.encode(source, wrong)
    for wrong in (lengths - 1, lengths + 1):
        with pytest.raises(ValueError, match="from 1 to S = 6"):
            model.encode(source, wrong)
    with pytest.raises(ValueError, match="at least 1 token"):
        translate(model, source, lengths, 0)


def test_no_true_target_is_no_loss():
    source, lengths, inputs, targets = batch([3, 1])
    with pytest.raises(ValueError, match=f"not PAD, got none in {targets.numel()}"):
        sequence_loss(make(), source, lengths, inputs, torch.full_like(targets, PAD))
    with pytest.raises(ValueError, match=r"at least one sequence, got shape \(3, 0\)"):
        make().encode(torch.zeros(3, 0, dtype=torch.long), torch.zeros(0, dtype=torch.long))


def test_ids_out_of_range_are_named():
    """They were an IndexError of torch's, "index out of range in self"."""
    model = EncoderDecoder(6, 5, H=4, D=3)
    source, lengths = torch.tensor([[3], [6]]), torch.tensor([2])
    with pytest.raises(ValueError, match=r"^source must be whole numbers from 0 to 5, got 3 to 6"):
        model.encode(source, lengths)
    state = model.encode(source - 1, lengths)
    with pytest.raises(ValueError, match=r"^inputs must be whole numbers from 0 to 4, got 9 to 9"):
        model.decode(state, torch.tensor([[9]]))
    with pytest.raises(ValueError, match=r"^state must be torch.float32 \(1, 4\), got "):
        model.step(state[0], torch.tensor([1]))
    inputs, targets = torch.tensor([[1]]), torch.tensor([[5]])
    with pytest.raises(ValueError, match=r"^targets must be from 0 to 4, got 5 to 5"):
        sequence_loss(model, source - 1, lengths, inputs, targets)
