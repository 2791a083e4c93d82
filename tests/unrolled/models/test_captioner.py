"""The captioner: where the picture enters, and what a step carries on."""

import pytest
import torch

from unrolled.datasets.text import END, PAD, START
from unrolled.decoding import beam, search
from unrolled.models import captioner
from unrolled.models.captioner import Captioner

V, H, D, F, N = 9, 7, 4, 5, 3


@pytest.fixture(params=[True, False], ids=["always", "once"])
def model(request):
    torch.manual_seed(0)
    return Captioner(V, H, D, F, always=request.param).double()


@pytest.fixture
def pictures():
    return torch.rand(N, 3, 18, 18, generator=torch.Generator().manual_seed(1)).double()


def tokens(T, N=N):
    ids = torch.randint(3, V, (T, N), generator=torch.Generator().manual_seed(2))
    return torch.cat([torch.full((1, N), START), ids])


def by_hand(model, pictures, inputs):
    """The formula, with the weights of torch's layer taken apart."""
    layer = model.tell
    W_xh, W_ih = layer.weight_ih_l0.T.split([D, F])
    b_h = layer.bias_ih_l0 + layer.bias_hh_l0
    v, h, rows = model.look(4 * pictures - 3), torch.zeros(N, H).double(), []
    for t, ids in enumerate(inputs):
        a = model.embedding(ids) @ W_xh + h @ layer.weight_hh_l0.T + b_h
        h = torch.tanh(a + v @ W_ih if model.always or t == 0 else a)
        rows.append(model.output(h))
    return torch.stack(rows)


def test_it_is_the_formula(model, pictures):
    inputs = tokens(4)
    torch.testing.assert_close(model(pictures, inputs), by_hand(model, pictures, inputs))


def test_steps_agree_with_teacher_forcing(model, pictures):
    inputs = tokens(4)
    log_y = model(pictures, inputs).log_softmax(dim=-1)
    state = model.encode(pictures)
    for t, ids in enumerate(inputs):
        log_p, state = model.step(state, ids)
        torch.testing.assert_close(log_p, log_y[t])
    assert all(len(part) == N for part in state)


def test_decoding_in_two_pieces(model, pictures):
    """The state says whether the picture is still to be seen."""
    inputs = tokens(5)
    first, state = model.decode(model.encode(pictures), inputs[:2])
    second, _ = model.decode(state, inputs[2:])
    torch.testing.assert_close(torch.cat([first, second]), model(pictures, inputs))


def test_recurrent_weights_start_orthogonal(model):
    W = model.tell.weight_hh_l0
    torch.testing.assert_close(W @ W.T, torch.eye(H).double(), atol=1e-6, rtol=0)


def test_loss_leaves_out_padding(model, pictures):
    inputs, targets = tokens(3), tokens(3).roll(-1, 0)
    targets[-1] = END
    targets[2:, 0] = torch.tensor([END, PAD])
    log_y = model(pictures, inputs).log_softmax(dim=-1)
    every = -log_y.gather(2, targets[..., None])[..., 0]
    wanted = every[targets != PAD].mean()
    torch.testing.assert_close(captioner.caption_loss(model, pictures, inputs, targets), wanted)


def test_every_word_tells_the_cnn_something(model, pictures):
    """Through all steps the gradient arrives at the first convolution."""
    u = model(pictures, tokens(4))
    for row in u:
        (grad,) = torch.autograd.grad(row.sum(), model.look[0].weight, retain_graph=True)
        assert grad.norm() > 0


def test_convolutions_keep_the_size_and_pools_halve_it(model, pictures):
    """18 pixels, then 9, then 5; a feature sees one pixel to each side, and nobody else's."""
    x, sizes = 4 * pictures - 3, []
    for part in model.look:
        x = part(x)
        sizes.append(tuple(x.shape[1:]))
        if isinstance(part, torch.nn.Conv2d):
            assert part.kernel_size == (3, 3)
    assert sizes == [
        *[(16, 18, 18), (16, 9, 9), (16, 9, 9)],
        *[(32, 9, 9), (32, 5, 5), (32, 5, 5)],
        *[(32, 5, 5), (32, 5, 5), (800,), (F,)],
    ]


def test_sizes_unless_others_are_given():
    model = Captioner(V)
    assert model.tell.hidden_size == model.output.in_features == 128
    assert model.embedding.embedding_dim == 32 and model.look[-1].out_features == 64
    assert model.always


def test_search_takes_its_states(model, pictures):
    """The best of all captions up to three words, found by a beam as wide as the tree."""
    state = model.encode(pictures)
    found = beam(model.step, state, torch.full((N,), START), END, k=200, T=3)
    for i in range(N):
        row = tuple(part[i : i + 1] for part in state)
        best, path = search.exhaustive(model.step, row, torch.tensor([START]), END, T=3)[0]
        assert found.tokens[i, 0].tolist()[: len(path)] == list(path)
        assert abs(found.scores[i, 0].item() - best) < 1e-5


def test_wrong_pictures_are_named(model):
    with pytest.raises(ValueError, match=r"must be \(N, 3, 18, 18\), got \(3, 18, 18\)"):
        model.encode(torch.zeros(3, 18, 18))


def test_no_true_word_is_no_loss(model, pictures):
    with pytest.raises(ValueError, match="not PAD, got none in 12"):
        captioner.caption_loss(model, pictures, tokens(4), torch.full((4, N), PAD))
