"""The models against torch's layers and this book's, and what each of them may look at."""

import pytest
import torch
from torch import nn

from unrolled.bakeoff import models
from unrolled.bakeoff.batched import HEADS
from unrolled.bakeoff.models import CONTESTANTS, MODELS, TAPS, WIDTH
from unrolled.layers.mingru import MinGRU

D, H, N, T, S = 3, 6, 4, 9, 2


def initial(model, seeds=(0, 1)):
    """S networks side by side in float64, with biases that are not zero."""
    each = []
    for seed in seeds:
        rng = torch.Generator().manual_seed(seed)
        p = MODELS[model].init(D, H, rng)
        each.append(
            {k: v.double() + 0.1 * torch.rand(v.shape, generator=rng) for k, v in p.items()}
        )
    return {name: torch.stack([p[name] for p in each]) for name in each[0]}


@pytest.fixture
def x():
    return torch.randn(S, T, N, D, generator=torch.Generator().manual_seed(9)).double()


@pytest.mark.parametrize("model", MODELS)
def test_side_by_side_is_one_by_one(model, x):
    p, read = initial(model), MODELS[model].read
    both = read(p, x)
    assert both.shape == (S, N, MODELS[model].features(H))
    for s in range(S):
        alone = read({k: v[s : s + 1] for k, v in p.items()}, x[s : s + 1])
        torch.testing.assert_close(both[s : s + 1], alone, rtol=1e-12, atol=1e-12)
    assert (both[0] - both[1]).abs().max() > 1e-3


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("T, N", [(1, 3), (5, 1)])
def test_shortest(model, T, N):
    h = MODELS[model].read(initial(model), torch.ones(S, T, N, D).double())
    assert h.shape == (S, N, MODELS[model].features(H)) and h.isfinite().all()


@pytest.mark.parametrize("model", MODELS)
def test_every_parameter_and_every_step_matters(model, x):
    """The convolution sees 31 steps, more than there are here."""
    p = {k: v.requires_grad_() for k, v in initial(model).items()}
    h = MODELS[model].read(p, x.requires_grad_())
    weights = torch.randn(h.shape, generator=torch.Generator().manual_seed(1)).double()
    grads = torch.autograd.grad((weights * h).sum(), [x, *p.values()])
    assert (grads[0].abs().amax(dim=(0, 2, 3)) > 0).all()
    assert all((g.abs().amax(dim=(1, 2)) > 0).all() for g in grads[1:])


@pytest.mark.parametrize("kind", ["RNN", "LSTM"])
def test_as_torch(kind, x):
    p = initial(kind)
    layer = getattr(nn, kind)(D, H).double()
    for s in range(S):
        with torch.no_grad():
            layer.weight_ih_l0.copy_(p["W_xh"][s].T)
            layer.weight_hh_l0.copy_(p["W_hh"][s].T)
            layer.bias_ih_l0.copy_(p["b_h"][s, 0])
            layer.bias_hh_l0.zero_()
        theirs, _ = layer(x[s])
        ours = CONTESTANTS[kind].read(p, x)[s]
        torch.testing.assert_close(ours, theirs[-1], rtol=1e-12, atol=1e-12)


def test_gru_as_torch_without_its_second_bias(x):
    p, layer = initial("GRU"), nn.GRU(D, H).double()
    with torch.no_grad():
        layer.weight_ih_l0.copy_(p["W_xh"][1].T)
        layer.weight_hh_l0.copy_(p["W_hh"][1].T)
        layer.bias_ih_l0.copy_(p["b_h"][1, 0])
        layer.bias_hh_l0.zero_()
    ours = CONTESTANTS["GRU"].read(p, x)[1]
    torch.testing.assert_close(ours, layer(x[1])[0][-1], rtol=1e-12, atol=1e-12)


def test_mingru_as_the_book(x):
    p = initial("minGRU")
    h = x[0].numpy()
    for layer in (1, 2):
        ours = MinGRU(p[f"W_{layer}"][0].numpy(), p[f"b_{layer}"][0, 0].numpy())
        h, last, _ = ours.forward(h, ours.zeros(N))
    torch.testing.assert_close(CONTESTANTS["minGRU"].read(p, x)[0], torch.from_numpy(last))


def test_convolution_as_torch_and_its_horizon():
    p, steps = initial("convolution"), 40
    x = torch.randn(S, steps, N, D).double().requires_grad_()
    h = x[0].permute(1, 2, 0)  # (N, D, T)
    for layer, d in enumerate(models.DILATIONS):
        W = p[f"W_{layer}"][0].unflatten(0, (TAPS, -1)).permute(2, 1, 0)  # (out, in, taps)
        padded = nn.functional.pad(h, ((TAPS - 1) * d, 0))
        y = nn.functional.conv1d(padded, W, p[f"b_{layer}"][0, 0], dilation=d).relu()
        h = h + y if layer else y
    ours = CONTESTANTS["convolution"].read(p, x)
    torch.testing.assert_close(ours[0], h[..., -1], rtol=1e-12, atol=1e-12)
    (g,) = torch.autograd.grad(ours.sum(), x)
    seen = g.abs().amax(dim=(0, 2, 3)) > 0
    assert not seen[:9].any() and seen[9:].all()  # 31 steps


@pytest.mark.parametrize(
    "model, dilations", [("one wide layer", (1,)), ("largest over time", (1, 2, 4, 8))]
)
def test_largest_over_time_as_torch(model, dilations, x):
    """Two steps of zeros behind, so T + 2 places to be the largest at."""
    p = initial(model)
    h = nn.functional.pad(x[1].permute(1, 2, 0), (0, TAPS - 1))  # (N, D, T + 2)
    for layer, d in enumerate(dilations):
        W = p[f"W_{layer}"][1].unflatten(0, (TAPS, -1)).permute(2, 1, 0)
        padded = nn.functional.pad(h, ((TAPS - 1) * d, 0))
        y = nn.functional.conv1d(padded, W, p[f"b_{layer}"][1, 0], dilation=d).relu()
        h = h + y if layer else y
    assert h.shape[2] == T + 2
    ours = MODELS[model].read(p, x)[1]
    torch.testing.assert_close(ours, h.amax(dim=2), rtol=1e-12, atol=1e-12)


def test_controls_differ_in_one_thing():
    """Start and function of the plain network are exchanged one at a time."""
    starts = {name: MODELS[name].init(D, H, torch.Generator().manual_seed(0)) for name in MODELS}
    same = [("RNN", "ReLU, orthogonal"), ("ReLU RNN", "tanh, identity")]
    for one, other in same:
        assert all(torch.equal(starts[one][k], starts[other][k]) for k in starts[one])
    assert torch.equal(starts["tanh, identity"]["W_hh"], torch.eye(H))
    x = torch.full((1, 3, 2, D), 2.0)
    p = {k: v[None] for k, v in starts["RNN"].items()}
    assert MODELS["ReLU, orthogonal"].read(p, x).min() == 0 > MODELS["RNN"].read(p, x).min()
    assert MODELS["tanh, identity"].read(p, x).abs().max() < 1


def test_transformer_as_torch(x):
    """torch's encoder with norm_first, fed with our parameters."""
    p = {k: v[0] for k, v in initial("Transformer").items()}
    block = nn.TransformerEncoderLayer(WIDTH, HEADS, H, 0.0, norm_first=True)
    theirs = nn.TransformerEncoder(
        block, models.LAYERS, nn.LayerNorm(WIDTH), enable_nested_tensor=False
    ).double()
    state = {"norm.weight": p["g_out"], "norm.bias": p["c_out"]}
    names = {"qkv": "self_attn.in_proj_", "mix": "self_attn.out_proj.", "up": "linear1."}
    for i in range(models.LAYERS):
        for ours, name in (names | {"down": "linear2."}).items():
            state[f"layers.{i}.{name}weight"] = p[f"W_{ours}{i}"].T
            state[f"layers.{i}.{name}bias"] = p[f"b_{ours}{i}"]
        for ours, name in (("a", "norm1"), ("f", "norm2")):
            state[f"layers.{i}.{name}.weight"] = p[f"g_{ours}{i}"]
            state[f"layers.{i}.{name}.bias"] = p[f"c_{ours}{i}"]
    theirs.load_state_dict({k: v.reshape(theirs.state_dict()[k].shape) for k, v in state.items()})
    h = x[0] @ p["W_in"] + p["b_in"] + models.positions(T, WIDTH)[:, None]
    ours = CONTESTANTS["Transformer"].read(initial("Transformer"), x)[0]
    torch.testing.assert_close(ours, theirs(h)[-1], rtol=1e-9, atol=1e-9)


def test_without_positions_order_is_nothing_but_the_last(x):
    order = torch.tensor([3, 0, 2, 1, 6, 7, 5, 4, 8])
    for model, same in (("no positions", True), ("Transformer", False), ("RNN", False)):
        p, read = initial(model), MODELS[model].read
        assert torch.allclose(read(p, x), read(p, x[:, order]), atol=1e-9) == same


def test_gates_begin_between_half_open_and_open():
    p = CONTESTANTS["LSTM"].init(D, 1000, torch.Generator().manual_seed(0))
    i, f, g, o = p["b_h"].chunk(4, dim=1)
    assert not (i.any() or g.any() or o.any())
    assert 0 <= f.min() < 0.1 and 3.9 < f.max() <= 4
    W = CONTESTANTS["GRU"].init(D, H, torch.Generator().manual_seed(0))["W_hh"]
    for block in W.chunk(3, dim=1):
        torch.testing.assert_close(block @ block.T, torch.eye(H), rtol=0, atol=1e-5)


def naive_slstm(p, x):
    """The sLSTM as Beck et al. print it, without the number that keeps it from overflowing."""
    h = c = n = x.new_zeros(len(x), x.shape[2], H)
    for t in range(x.shape[1]):
        a = x[:, t] @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]
        i, f, z, o = a.chunk(4, dim=-1)
        i, f = i.exp(), f.sigmoid()
        c, n = f * c + i * z.tanh(), f * n + i
        h = o.sigmoid() * c / n
    return h


def test_xlstm_is_the_printed_cell_and_does_not_overflow(x):
    p = initial("xLSTM")
    read = MODELS["xLSTM"].read
    torch.testing.assert_close(read(p, x), naive_slstm(p, x), rtol=1e-9, atol=1e-9)
    large = p | {"b_h": p["b_h"] + 800 * (torch.arange(4 * H) < H)}  # of the input gates
    assert not naive_slstm(large, x).isfinite().all()
    torch.testing.assert_close(read(large, x), read(p, x), rtol=1e-9, atol=1e-9)
