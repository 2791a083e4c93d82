"""Weights carried to every convention and back: same outputs, same gradients, in float64."""

import os
import subprocess
import sys

os.environ["KERAS_BACKEND"] = "torch"  # keras reads it once, when it is imported

import keras
import numpy as np
import pytest
import torch

from unrolled import convert
from unrolled.convert import (
    from_gates,
    from_keras,
    from_logistic,
    from_stacked,
    from_torch,
    other_update,
    reorder_gates,
    to_gates,
    to_keras,
    to_stacked,
    to_torch,
)
from unrolled.layers.gradients import relative_error
from unrolled.layers.gru import GRU, PublishedGRU
from unrolled.layers.lstm import LSTM
from unrolled.layers.rnn import RNN

T, N, D, H = 6, 3, 4, 5
CLASSES = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU, "PublishedGRU": PublishedGRU}
KINDS = list(CLASSES)  # the first three are torch's
sigma = torch.sigmoid

# keras 3.15 on NumPy 2: its variables have no `copy` in __array__, which get_weights() uses
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)


def random_layer(kind, seed=0):
    rng = np.random.default_rng(seed)
    k = {"RNN": 1, "LSTM": 4}.get(kind, 3)
    W_xh, W_hh, b_h, b_hn = (rng.normal(size=s) for s in [(D, k * H), (H, k * H), k * H, H])
    inside = [b_hn] if kind == "GRU" else []
    return CLASSES[kind](W_xh, W_hh, b_h, *inside)


def run(layer, seed=1):
    """Inputs, initial state and cotangent; states, and gradients in the layer's own shapes."""
    rng = np.random.default_rng(seed)
    x, h_0, c_0, dh = (rng.normal(size=s) for s in [(T, N, D), (N, H), (N, H), (T, N, H)])
    state = (h_0, c_0) if isinstance(layer, LSTM) else h_0
    h, _, tape = layer.forward(x, state)
    grads, dx, dstate = layer.backward(tape, dh)
    return x, state, dh, h, grads, dx, dstate


def assert_same(left, right):
    """Layers equal to the last bit: nothing was computed, numbers only moved."""
    assert type(left) is type(right)
    for name, a in vars(left).items():
        np.testing.assert_array_equal(a, vars(right)[name], err_msg=name)
        assert a.dtype == vars(right)[name].dtype


def close(left, right, tolerance=1e-12):
    if hasattr(left, "detach"):
        left = left.detach().cpu().numpy()
    assert relative_error(np.asarray(left), np.asarray(right)) < tolerance


def leaf(a):
    return torch.tensor(a, requires_grad=True)


@pytest.fixture(params=KINDS)
def layer(request):
    return random_layer(request.param)


# There and back


def test_there_and_back(layer):
    assert_same(from_gates(to_gates(layer)), layer)
    assert_same(from_gates(to_gates(layer, columns=True), columns=True), layer)
    assert_same(from_keras(to_keras(layer)), layer)


@pytest.mark.parametrize("kind", KINDS[:3])
def test_there_and_back_through_torch(kind):
    layer = random_layer(kind)
    assert_same(from_torch(to_torch(layer)), layer)


@pytest.mark.parametrize(
    ("kind", "order"), [("RNN", "h"), ("LSTM", "ifog"), ("LSTM", "ogfi"), ("PublishedGRU", "znr")]
)
def test_there_and_back_through_one_matrix(kind, order):
    layer = random_layer(kind)
    assert_same(from_stacked(*to_stacked(layer, order), order), layer)


def test_float32_stays_float32(layer):
    small = type(layer)(*(a.astype(np.float32) for a in vars(layer).values()))
    assert_same(from_keras(to_keras(small)), small)
    assert_same(from_gates(to_gates(small)), small)


def test_results_share_no_memory_with_the_layer(layer):
    converted = [*to_gates(layer).values(), *to_gates(layer, columns=True).values()]
    converted += to_keras(layer)
    for a in vars(layer).values():
        assert not any(np.shares_memory(a, b) for b in converted)


# torch


@pytest.mark.parametrize("kind", KINDS[:3])
def test_torch_computes_the_same(kind):
    layer = random_layer(kind)
    x, state, dh, h, grads, dx, dstate = run(layer)
    twin = getattr(torch.nn, kind)(D, H, dtype=torch.float64)
    twin.load_state_dict(to_torch(layer))
    x = leaf(x)
    states = [leaf(s[None]) for s in (state if kind == "LSTM" else (state,))]
    theirs, _ = twin(x, tuple(states) if kind == "LSTM" else states[0])
    theirs.backward(torch.from_numpy(dh))
    close(theirs, h)
    close(x.grad, dx)
    for left, right in zip(states, dstate if kind == "LSTM" else (dstate,), strict=True):
        close(left.grad[0], right)
    expected = to_torch(grads)
    if kind != "GRU":  # both biases enter by their sum, so both have its gradient
        expected["bias_hh_l0"] = expected["bias_ih_l0"]
    else:
        expected["bias_hh_l0"][: 2 * H] = expected["bias_ih_l0"][: 2 * H]
    for name, parameter in twin.named_parameters():
        close(parameter.grad, expected[name])


@pytest.mark.parametrize("kind", KINDS[:3])
def test_of_torchs_two_biases_the_sum_is_kept(kind):
    torch.manual_seed(0)
    twin = getattr(torch.nn, kind)(D, H, dtype=torch.float64)  # with two random biases
    layer = from_torch(twin.state_dict())
    x, state, _, h, *_ = run(layer)
    states = [torch.tensor(s[None]) for s in (state if kind == "LSTM" else (state,))]
    theirs, _ = twin(torch.tensor(x), tuple(states) if kind == "LSTM" else states[0])
    close(theirs, h)
    back = to_torch(layer)
    assert not torch.allclose(back["bias_ih_l0"], twin.bias_ih_l0)
    total = back["bias_ih_l0"] + back["bias_hh_l0"]
    close(total, (twin.bias_ih_l0 + twin.bias_hh_l0).detach())


def test_torch_without_biases():
    twin = torch.nn.GRU(D, H, bias=False, dtype=torch.float64)
    layer = from_torch(twin.state_dict())
    x, h_0, _, h, *_ = run(layer)
    close(twin(torch.tensor(x), torch.tensor(h_0[None]))[0], h)


# Keras


def keras_twin(layer):
    name = {RNN: "SimpleRNN", PublishedGRU: "GRU"}.get(type(layer), type(layer).__name__)
    options = {"reset_after": False} if type(layer) is PublishedGRU else {}
    twin = getattr(keras.layers, name)(H, return_sequences=True, dtype="float64", **options)
    twin.build((None, None, D))
    return twin


def keras_run(twin, x, state):
    """States, time first, of a Keras layer, whose batches come first."""
    states = list(state) if isinstance(state, tuple) else [state]
    x, *states = (leaf(a) for a in (x.transpose(1, 0, 2), *states))
    return twin(x, initial_state=states).transpose(0, 1), x, states


def test_keras_computes_the_same(layer):
    """Where torch has no such layer, keras 3.15 rounds every matrix product to float32."""
    tolerance = 1e-12 if type(layer) in (LSTM, GRU) else 1e-5
    x, state, dh, h, grads, dx, dstate = run(layer)
    twin = keras_twin(layer)
    twin.set_weights(to_keras(layer))
    theirs, x, states = keras_run(twin, x, state)
    theirs.backward(torch.from_numpy(dh).to(theirs.device))
    close(theirs, h, tolerance)
    close(x.grad.transpose(0, 1), dx, tolerance)
    for left, right in zip(states, dstate if isinstance(dstate, tuple) else (dstate,), strict=True):
        close(left.grad, right, tolerance)
    expected = to_keras(grads)
    if expected[2].ndim == 2:  # z and r have one bias too many, with the same gradient
        expected[2][1, : 2 * H] = expected[2][0, : 2 * H]
    for variable, gradient in zip(twin.trainable_variables, expected, strict=True):
        close(variable.value.grad, gradient, tolerance)


def test_weights_that_keras_made(layer):
    twin = keras_twin(layer)
    rng = np.random.default_rng(3)
    twin.set_weights([rng.normal(size=w.shape) for w in twin.get_weights()])
    layer = from_keras(twin.get_weights())
    x, state, _, h, *_ = run(layer)
    close(keras_run(twin, x, state)[0], h, 1e-5)


def test_the_package_works_without_keras():
    block = "import sys; sys.modules['keras'] = None; import unrolled.convert"
    subprocess.run([sys.executable, "-c", block], check=True)


# Slides: columns, one letter for each gate


def scan(step, x, h, *rest):
    """Run step(x_t, h, …) -> (h, …) over columns x_t; the states as (T, N, H)."""
    states = []
    for x_t in x:
        h, *rest = step(x_t.T, h, *rest)
        states.append(h.T)
    return torch.stack(states)


def gates_of(layer):
    gates = to_gates(layer, columns=True)
    return {k: leaf(v if v.ndim == 2 else v[:, None]) for k, v in gates.items()}


def compare(p, grads, theirs, h, dh):
    """States, and the gradient of every matrix and bias of the slide."""
    close(theirs, h)
    theirs.backward(torch.from_numpy(dh))
    for name, gradient in to_gates(grads, columns=True).items():
        close(p[name].grad.reshape(gradient.shape), gradient)


def test_columns_rnn():
    layer = random_layer("RNN")
    x, h_0, dh, h, grads, *_ = run(layer)
    p = gates_of(layer)

    def step(x, h):
        return (torch.tanh(p["W_xh"] @ x + p["W_hh"] @ h + p["b_h"]),)

    compare(p, grads, scan(step, torch.tensor(x), torch.tensor(h_0).T), h, dh)


def test_columns_lstm():
    """D4: f, i, C̃ and o in columns."""
    layer = random_layer("LSTM")
    x, state, dh, h, grads, *_ = run(layer)
    p = gates_of(layer)

    def step(x, h, c):
        a = {k: p["W_x" + k] @ x + p["W_h" + k] @ h + p["b_" + k] for k in "ifgo"}
        c = sigma(a["f"]) * c + sigma(a["i"]) * torch.tanh(a["g"])
        return sigma(a["o"]) * torch.tanh(c), c

    theirs = scan(step, torch.tensor(x), *(torch.tensor(s).T for s in state))
    compare(p, grads, theirs, h, dh)


@pytest.mark.parametrize("kind", ["GRU", "PublishedGRU"])
def test_columns_gru(kind):
    """D0 resets after the product, D3 before; z keeps the old state in both."""
    layer = random_layer(kind)
    x, h_0, dh, h, grads, *_ = run(layer)
    p = gates_of(layer)

    def step(x, h):
        r, z = (sigma(p["W_x" + k] @ x + p["W_h" + k] @ h + p["b_" + k]) for k in "rz")
        after = "b_hn" in p
        state = r * (p["W_hn"] @ h + p["b_hn"]) if after else p["W_hn"] @ (r * h)
        n = torch.tanh(p["W_xn"] @ x + state + p["b_n"])
        return (z * h + (1 - z) * n,)

    compare(p, grads, scan(step, torch.tensor(x), torch.tensor(h_0).T), h, dh)


# Slides: one matrix over [h; x]


def test_cs231n():
    """D3: W [h; x] stacked i, f, o, g from top to bottom, one bias."""
    layer = random_layer("LSTM")
    x, state, dh, h, grads, *_ = run(layer)
    W, b = map(leaf, to_stacked(layer, "ifog"))

    def step(x, h, c):
        i, f, o, g = torch.chunk(W @ torch.cat([h, x]) + b[:, None], 4)
        c = sigma(f) * c + sigma(i) * torch.tanh(g)
        return sigma(o) * torch.tanh(c), c

    theirs = scan(step, torch.tensor(x), *(torch.tensor(s).T for s in state))
    close(theirs, h)
    theirs.backward(torch.from_numpy(dh))
    for left, right in zip((W.grad, b.grad), to_stacked(grads, "ifog"), strict=True):
        close(left, right)


def test_gamma_notation():
    """D2's GRU: Γ_u takes the new state, the reset is before the product."""
    layer = random_layer("PublishedGRU")
    x, h_0, dh, h, grads, *_ = run(layer)
    W, b = map(leaf, to_stacked(other_update(layer), "nrz"))

    def step(x, a):
        W_c, W_r, W_u = torch.chunk(W, 3)
        b_c, b_r, b_u = torch.chunk(b[:, None], 3)
        stacked = torch.cat([a, x])
        Gamma_r, Gamma_u = sigma(W_r @ stacked + b_r), sigma(W_u @ stacked + b_u)
        c_tilde = torch.tanh(W_c @ torch.cat([Gamma_r * a, x]) + b_c)
        return (Gamma_u * c_tilde + (1 - Gamma_u) * a,)

    theirs = scan(step, torch.tensor(x), torch.tensor(h_0).T)
    close(theirs, h)
    theirs.backward(torch.from_numpy(dh))
    for left, right in zip((W.grad, b.grad), to_stacked(other_update(grads), "nrz"), strict=True):
        close(left, right)


def test_d2_rnn():
    layer = random_layer("RNN")
    x, h_0, _, h, *_ = run(layer)
    W, b = to_stacked(layer, "h")
    np.testing.assert_array_equal(W, np.hstack([layer.W_hh.T, layer.W_xh.T]))
    stacked = np.concatenate([h_0.T, x[0].T])
    close(np.tanh(W @ stacked + b[:, None]).T, h[0])


# Other meanings


@pytest.mark.parametrize("kind", ["GRU", "PublishedGRU"])
def test_other_update_undoes_itself(kind):
    layer = random_layer(kind)
    assert_same(other_update(other_update(layer)), layer)
    other = other_update(layer)
    for name in ("r", "n"):
        for prefix in ("W_x", "W_h", "b_"):
            a, b = (to_gates(each)[prefix + name] for each in (layer, other))
            np.testing.assert_array_equal(a, b)


def test_logistic_network():
    """Elman's network with σ in place of tanh, through tanh."""
    elman = random_layer("RNN")
    x, s_0, *_ = run(elman)
    s, states = s_0, []
    for x_t in x:
        s = 1 / (1 + np.exp(-(x_t @ elman.W_xh + s @ elman.W_hh + elman.b_h)))
        states.append(s)
    h, _, _ = from_logistic(elman).forward(x, 2 * s_0 - 1)
    close(h, 2 * np.stack(states) - 1)


# What is refused


def test_reorder():
    a = np.arange(6).reshape(1, 6)
    assert reorder_gates(a, "rzn", "zrn").tolist() == [[2, 3, 0, 1, 4, 5]]
    with pytest.raises(ValueError, match="same gates, got 'ifgo' and 'ifoo'"):
        reorder_gates(a, "ifgo", "ifoo")
    with pytest.raises(ValueError, match="4 blocks, got shape"):
        reorder_gates(a, "ifgo", "ifog")


def test_what_torch_has_no_place_for():
    with pytest.raises(ValueError, match="resets after the product"):
        to_torch(random_layer("PublishedGRU"))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"num_layers": 2}, "weight_ih_l1"),
        ({"bidirectional": True}, "weight_ih_l0_reverse"),
        ({"proj_size": 2}, "weight_hr_l0"),
    ],
)
def test_more_than_one_layer_is_refused(options, name):
    with pytest.raises(ValueError, match=name):
        from_torch(torch.nn.LSTM(D, H, **options).state_dict())


def test_torchs_gru_cannot_be_stacked():
    with pytest.raises(ValueError, match="can't be stacked"):
        to_stacked(random_layer("GRU"), "rzn")


def test_peepholes_are_refused():
    gates = to_gates(random_layer("LSTM")) | {"V_i": np.zeros(H)}
    with pytest.raises(ValueError, match="not the weights of an RNN, an LSTM or a GRU"):
        from_gates(gates)


def test_a_gate_without_its_input_weights_is_refused():
    gates = to_gates(random_layer("GRU"))
    del gates["W_xz"]
    with pytest.raises(ValueError, match="not the weights"):
        from_gates(gates)


def test_missing_biases_are_zero():
    """D3's LSTM has none."""
    layer = random_layer("LSTM")
    layer.b_h[:] = 0
    W, _ = to_stacked(layer, "ifog")
    assert_same(from_stacked(W, None, "ifog"), layer)
    matrices = {name: a for name, a in to_gates(layer).items() if name[0] == "W"}
    assert_same(from_gates(matrices), layer)


@pytest.mark.parametrize("shape", [(H, 2 * H), (4 * H, H)])
def test_unknown_sizes_are_refused(shape):
    weights = [np.zeros((D, shape[1])), np.zeros(shape), np.zeros(shape[1])]
    with pytest.raises(ValueError, match="recurrent weights must be H × H, H × 3H or H × 4H"):
        from_keras(weights)


def test_keras_without_biases_is_refused():
    with pytest.raises(ValueError, match="got 2 arrays"):
        from_keras(to_keras(random_layer("GRU"))[:2])


@pytest.mark.parametrize(
    ("shape", "order"), [((4 * H, H), "ifog"), ((7, 9), "ifog"), ((4, 9), "ab")]
)
def test_wrong_stacks_are_refused(shape, order):
    with pytest.raises(ValueError, match="W must be"):
        from_stacked(np.zeros(shape), None, order)


def test_other_objects_are_refused():
    with pytest.raises(ValueError, match="expected an RNN, an LSTM or a GRU, got a dict"):
        convert.to_gates({})


@pytest.mark.parametrize("kind", KINDS)
def test_a_subclass_is_carried_like_its_kind(kind):
    """The fast layers are subclasses of the plain ones."""
    layer = random_layer(kind)
    faster = type("Faster", (CLASSES[kind],), {})(**vars(layer))
    for expected, found in zip(to_keras(layer), to_keras(faster), strict=True):
        assert np.array_equal(expected, found)


# What does not fit: refused here, not in a later `forward`


@pytest.mark.parametrize(
    ("function", "given", "said"),
    [
        (
            from_torch,
            torch.nn.LSTM(D, H),
            r"a state dict, module.state_dict\(\), got a LSTM of torch",
        ),
        (from_torch, {}, "expected weight_ih_l0, weight_hh_l0, got no weight_hh_l0, weight_ih_l0"),
        (to_gates, torch.nn.LSTM(D, H), "an RNN, an LSTM or a GRU, got a LSTM of torch.nn"),
        (to_torch, {}, "an RNN, an LSTM or a GRU, got a dict of builtins"),
        (to_keras, None, "an RNN, an LSTM or a GRU, got a NoneType"),
        (
            from_keras,
            random_layer("LSTM"),
            r"a list, layer.get_weights\(\), got a LSTM of unrolled",
        ),
        (
            from_gates,
            random_layer("LSTM"),
            "a dict of arrays.*, got a LSTM of unrolled.layers.lstm",
        ),
        (
            from_logistic,
            random_layer("LSTM"),
            "expected an RNN, got a LSTM of unrolled.layers.lstm",
        ),
        (other_update, random_layer("LSTM"), "expected a GRU, got a LSTM of unrolled.layers.lstm"),
        (other_update, torch.nn.GRU(D, H), "expected a GRU, got a GRU of torch.nn.modules.rnn"),
    ],
)
def test_what_is_given_in_place_of_a_layer_or_its_weights_is_named(function, given, said):
    with pytest.raises(ValueError, match=said):
        function(given)


@pytest.mark.parametrize(
    ("k", "shape", "said"),
    [
        (0, (D, 3 * H), r"kernel must be \(D, 20\), got \(4, 15\)"),
        (0, (D, 8 * H), r"kernel must be \(D, 20\), got \(4, 40\)"),
        (1, (4 * H,), r"recurrent weights must be \(H, k H\), got \(20,\)"),
        (2, (H,), r"bias must be \(20,\), got \(5,\)"),
        (2, (2, 4 * H), r"bias must be \(20,\), got \(2, 20\)"),
    ],
)
def test_keras_weights_that_do_not_fit_are_named(k, shape, said):
    weights = to_keras(random_layer("LSTM"))
    weights[k] = np.zeros(shape)
    with pytest.raises(ValueError, match=said):
        from_keras(weights)


def test_a_second_bias_of_another_length_is_named():
    kernel, recurrent, bias = to_keras(random_layer("GRU"))
    with pytest.raises(ValueError, match=r"bias must be \(2, 15\), got \(3, 15\)"):
        from_keras([kernel, recurrent, np.concatenate([bias, bias[:1]])])


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        ("weight_ih_l0", (3 * H, D), r"weight_ih_l0 must be \(20, D\), got \(15, 4\)"),
        ("bias_ih_l0", (H,), r"bias_ih_l0 must be \(20,\), got \(5,\)"),
        ("bias_hh_l0", (1,), r"bias_hh_l0 must be \(20,\), got \(1,\)"),
    ],
)
def test_torch_weights_that_do_not_fit_are_named(name, shape, said):
    with pytest.raises(ValueError, match=said):
        from_torch(to_torch(random_layer("LSTM")) | {name: torch.zeros(shape)})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"b_f": np.zeros(H + 1)}, r"b_f must be \(5,\), got \(6,\)"),
        ({"W_xf": np.zeros((D, H + 1))}, r"W_xf must be \(4, 5\), got \(4, 6\)"),
        ({"W_xf": np.zeros((D + 1, H))}, r"W_xf must be \(4, 5\), got \(5, 5\)"),
        ({"W_hi": np.zeros((H, H + 1))}, r"W_hi must be \(5, 5\), got \(5, 6\)"),
    ],
)
def test_a_gate_that_does_not_fit_is_named(change, said):
    with pytest.raises(ValueError, match=said):
        from_gates(to_gates(random_layer("LSTM")) | change)


def test_columns_taken_for_rows_are_named():
    gates = to_gates(random_layer("GRU"), columns=True)
    with pytest.raises(ValueError, match=r"W_xr must be \(5, 5\), got \(5, 4\)"):
        from_gates(gates)


def test_a_stack_that_does_not_fit_is_named():
    W, b = to_stacked(random_layer("LSTM"), "ifog")
    with pytest.raises(ValueError, match=r"b must be \(20,\), got \(16,\)"):
        from_stacked(W, b[:16], "ifog")
    with pytest.raises(ValueError, match=r"W must be \(k H, H \+ D\), got \(20,\)"):
        from_stacked(b, None, "ifog")
    with pytest.raises(ValueError, match="with gates '', got"):
        from_stacked(W, b, "")
