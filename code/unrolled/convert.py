"""Weights converted between this book's layers, torch, Keras and the notations of lectures.

Every source stores the same numbers. They differ in whether samples are rows or columns, in the
order in which the gates are stacked, in whether input and state have matrices of their own, in the
number of biases, and, for the GRU, in what the gates mean. What only rearranges numbers is a pair
of functions here, `to_…` and `from_…`, which undo each other; what would change the function that
the layer computes is a ValueError.

D inputs, H hidden units; k gates: 1 in an RNN, 4 in an LSTM, 3 in a GRU.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy import ndarray

from unrolled.layers.gru import GRU, PublishedGRU
from unrolled.layers.layer_contract import check
from unrolled.layers.lstm import LSTM
from unrolled.layers.rnn import RNN

Layer = RNN | LSTM | GRU | PublishedGRU

ORDER = {RNN: "h", LSTM: "ifgo", GRU: "rzn", PublishedGRU: "rzn"}  # as stacked here, and in torch
KERAS_ORDER = ORDER | {GRU: "zrn", PublishedGRU: "zrn"}  # Keras's own letter for n is h
TORCH_NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def check_kind(given: object, expected: str, *kinds: type) -> None:
    """ValueError unless this is one of the kinds; torch and Keras have layers of the same names."""
    if not isinstance(given, kinds):
        cls = type(given)
        raise ValueError(f"expected {expected}, got a {cls.__name__} of {cls.__module__}")


def order_of(layer: Layer, orders: Mapping[type, str] = ORDER) -> str:
    """The layer's gates in the order in which it stacks them, or as another of `orders` says.

    Raises ValueError for what is no layer of this book.
    """
    check_kind(layer, "an RNN, an LSTM or a GRU", *orders)
    # a faster layer of the same kind is a subclass
    return next(orders[cls] for cls in type(layer).__mro__ if cls in orders)


def reorder_gates(a: ndarray, before: Sequence[str], after: Sequence[str]) -> ndarray:
    """Put equal blocks along the last axis into another order of gates.

    Parameters
    ----------
    a : (..., k H), one block of H for each gate
    before, after : the k gates in the order they stand and are to stand in, such as "ifgo"

    Returns
    -------
    b : (..., k H), a copy

    Raises
    ------
    ValueError : if the orders name different gates, or a does not fall into k blocks
    """
    if sorted(before) != sorted(after):
        raise ValueError(f"the orders must name the same gates, got {before!r} and {after!r}")
    if a.shape[-1] % len(before):
        raise ValueError(f"the last axis must hold {len(before)} blocks, got shape {a.shape}")
    blocks = dict(zip(before, np.split(a, len(before), axis=-1), strict=True))
    return np.concatenate([blocks[gate] for gate in after], axis=-1)


# One array for each gate, as on most slides


def to_gates(layer: Layer, columns: bool = False) -> dict[str, ndarray]:
    """Separate arrays, named as in `eq-conventions-lstm`: W_xi, W_hi, b_i, W_xf, …

    Parameters
    ----------
    layer : RNN, LSTM, GRU or PublishedGRU
    columns : give W_xi (H, D) and W_hi (H, H) for products W x with one sample in each column,
        rather than (D, H) and (H, H) for x W with samples in rows

    Returns
    -------
    gates : "W_x?", "W_h?", "b_?" for each gate ?; for a GRU "b_hn" as well
    """
    names = order_of(layer)
    gates = {}
    for prefix, array in (("W_x", layer.W_xh), ("W_h", layer.W_hh), ("b_", layer.b_h)):
        for gate, block in zip(names, np.split(array, len(names), axis=-1), strict=True):
            gates[prefix + gate] = (block.T if columns else block).copy()
    return gates | ({"b_hn": layer.b_hn.copy()} if isinstance(layer, GRU) else {})


def from_gates(gates: Mapping[str, ndarray], columns: bool = False) -> Layer:
    """Undo `to_gates`. A missing bias is zero; without "b_hn" a GRU is a PublishedGRU.

    Raises
    ------
    ValueError : if the names are not those of one layer (a peephole, an unknown gate), or a shape
        does not fit the others
    """
    check_kind(gates, "a dict of arrays, as `to_gates` gives it", Mapping)
    found = {name.removeprefix("W_h") for name in gates if name.startswith("W_h")}
    kinds = {frozenset(names): cls for cls, names in ORDER.items() if cls is not GRU}
    cls = GRU if "b_hn" in gates else kinds.get(frozenset(found), GRU)
    names = ORDER[cls]
    weights = {prefix + gate for prefix in ("W_x", "W_h") for gate in names}
    others = {"b_" + gate for gate in names} | ({"b_hn"} if cls is GRU else set())
    if not weights <= set(gates) <= weights | others:
        raise ValueError(f"these are not the weights of an RNN, an LSTM or a GRU: {sorted(gates)}")
    H, _ = check(first := "W_h" + names[0], gates[first], "H", "H")
    D = check(first := "W_x" + names[0], gates[first], "D", "H")[1 if columns else 0]
    shapes = {"W_x": (H, D) if columns else (D, H), "W_h": (H, H)}
    for name, array in gates.items():
        check(name, array, *shapes.get(name[:3], (H,)))
    zero = np.zeros_like(gates["W_h" + names[0]][0])  # (H,)

    def stack(prefix: str) -> ndarray:
        parts = [gates.get(prefix + gate, zero) for gate in names]
        return np.concatenate([part.T if columns else part for part in parts], axis=-1)

    inside = [gates["b_hn"].copy()] if cls is GRU else []
    return cls(stack("W_x"), stack("W_h"), stack("b_"), *inside)


# One matrix for everything, W [h; x], as in CS231n, and in Γ notation gate by gate


def to_stacked(layer: Layer, order: str) -> tuple[ndarray, ndarray]:
    """One matrix that is applied to state and input at once (`eq-conventions-stacked`).

    Parameters
    ----------
    layer : RNN, LSTM or PublishedGRU
    order : the gates from top to bottom: "ifog" for CS231n; "h" for an RNN

    Returns
    -------
    W : (k H, H + D), to be multiplied with columns in which the state stands above the input
    b : (k H,)

    Raises
    ------
    ValueError : for a GRU that resets after the product: its candidate needs two products
    """
    if isinstance(layer, GRU):
        raise ValueError(
            "a GRU that resets after the product can't be stacked: in its candidate, state and "
            "input don't share one product (a PublishedGRU can)"
        )
    before = order_of(layer)
    W = reorder_gates(np.concatenate([layer.W_hh, layer.W_xh]), before, order)  # (H + D, k H)
    return W.T.copy(), reorder_gates(layer.b_h, before, order)


def from_stacked(W: ndarray, b: ndarray | None, order: str) -> Layer:
    """Undo `to_stacked`; b = None means zero. The gates r, z, n make a PublishedGRU.

    Raises ValueError if the order names no layer's gates, or W or b does not fit it.
    """
    height, width = check("W", W, "k H", "H + D")
    kinds = {frozenset(names): cls for cls, names in ORDER.items()}
    cls, H = kinds.get(frozenset(order)), height // max(len(order), 1)
    if cls is None or height != H * len(order) or width <= H:
        raise ValueError(f"W must be (k H, H + D) with gates {order!r}, got {W.shape}")
    rows = reorder_gates(W.T, order, ORDER[cls])  # (H + D, k H)
    b = np.zeros(height, W.dtype) if b is None else b
    check("b", b, height)
    return cls(rows[H:].copy(), rows[:H].copy(), reorder_gates(b, order, ORDER[cls]))


# torch and Keras


def to_torch(layer: Layer) -> dict[str, torch.Tensor]:
    """The state dict of a torch.nn.RNN, LSTM or GRU with one layer in one direction.

    torch keeps a second bias for the state's product (`eq-conventions-biases`). It gets zeros,
    except that b_hn is in the GRU's.

    Raises
    ------
    ValueError : for a PublishedGRU; torch.nn.GRU resets after the product
    """
    order_of(layer)
    if isinstance(layer, PublishedGRU):
        raise ValueError("torch.nn.GRU resets after the product, a PublishedGRU before it")
    arrays = (layer.W_xh.T, layer.W_hh.T, layer.b_h, second_bias(layer))
    return {n: torch.tensor(a.copy()) for n, a in zip(TORCH_NAMES, arrays, strict=True)}


def from_torch(state: Mapping[str, torch.Tensor]) -> RNN | LSTM | GRU:
    """The layer with the weights of a torch.nn.RNN (tanh), LSTM or GRU.

    Where only the sum of torch's two biases acts, only the sum is kept: `to_torch` gives a layer
    that computes the same, not the same two biases.

    Raises
    ------
    ValueError : for a second layer, a second direction or a projection, for a module in place of
        its `state_dict()`, and if a shape does not fit the others
    """
    check_kind(state, "a state dict, module.state_dict()", Mapping)
    if missing := sorted({*TORCH_NAMES[:2]} - set(state)):
        raise ValueError(f"expected {', '.join(TORCH_NAMES[:2])}, got no {', '.join(missing)}")
    extra = sorted(set(state) - set(TORCH_NAMES))
    if extra:
        raise ValueError(f"expected one layer in one direction, got {', '.join(extra)} as well")
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in state.items()}
    W_xh, W_hh = (arrays[name].T.copy() for name in TORCH_NAMES[:2])
    kind_of(W_hh)
    for name in set(arrays) - {"weight_hh_l0"}:
        shape = (W_hh.shape[1], "D") if name == "weight_ih_l0" else (W_hh.shape[1],)
        check(name, arrays[name], *shape)
    zero = np.zeros(W_hh.shape[1], W_hh.dtype)  # (k H,), where bias=False
    b_x, b_h = (arrays.get(name, zero) for name in TORCH_NAMES[2:])
    return with_two_biases(W_xh, W_hh, b_x, b_h)


def to_keras(layer: Layer) -> list[ndarray]:
    """For `set_weights` of a Keras SimpleRNN, LSTM or GRU: kernel, recurrent kernel, bias.

    A PublishedGRU is for `GRU(reset_after=False)`.
    """
    before, after = order_of(layer), order_of(layer, KERAS_ORDER)
    bias = np.stack([layer.b_h, second_bias(layer)]) if isinstance(layer, GRU) else layer.b_h
    return [reorder_gates(a, before, after) for a in (layer.W_xh, layer.W_hh, bias)]


def from_keras(weights: Sequence[ndarray]) -> Layer:
    """The layer with the weights that a Keras SimpleRNN, LSTM or GRU gives by `get_weights`.

    The bias tells the GRU's two forms apart: (3 H,) resets before the product, (2, 3 H) after.

    Raises
    ------
    ValueError : if the bias is missing (`use_bias=False`); give one of zeros. And for a layer in
        place of its `get_weights()`, and if a shape does not fit the others
    """
    check_kind(weights, "a list, layer.get_weights()", list, tuple)
    if len(weights) != 3:
        raise ValueError(f"expected kernel, recurrent kernel and bias, got {len(weights)} arrays")
    cls, columns = kind_of(weights[1]), weights[1].shape[1]
    check("kernel", weights[0], "D", columns)
    two = issubclass(cls, GRU) and np.ndim(weights[2]) == 2
    check("bias", weights[2], *([2] if two else []), columns)
    W_xh, W_hh, bias = (reorder_gates(a, KERAS_ORDER[cls], ORDER[cls]) for a in weights)
    if bias.ndim == 2:
        return with_two_biases(W_xh, W_hh, *bias)
    if issubclass(cls, GRU):
        return PublishedGRU(W_xh, W_hh, bias)
    return cls(W_xh, W_hh, bias)


def kind_of(W_hh: ndarray) -> type[RNN] | type[LSTM] | type[GRU]:
    """Which layer has recurrent weights (H, k H); ValueError if none has."""
    H, columns = check("recurrent weights", W_hh, "H", "k H")
    for cls in (RNN, LSTM, GRU):
        if columns == H * len(ORDER[cls]):
            return cls
    raise ValueError(f"recurrent weights must be H × H, H × 3H or H × 4H, got {H} × {columns}")


def second_bias(layer: Layer) -> ndarray:
    """(k H,) what is added to the state's product: zero, but b_hn for a GRU's candidate."""
    bias = np.zeros_like(layer.b_h)
    if isinstance(layer, GRU):
        bias[-len(layer.b_hn) :] = layer.b_hn
    return bias


def with_two_biases(W_xh: ndarray, W_hh: ndarray, b_x: ndarray, b_h: ndarray) -> RNN | LSTM | GRU:
    """Add the two biases (k H,) up where only their sum acts: not in a GRU's candidate."""
    cls = kind_of(W_hh)
    if issubclass(cls, GRU):
        r_z, n = np.split(b_h, [2 * len(W_hh)])
        return GRU(W_xh, W_hh, b_x + np.concatenate([r_z, np.zeros_like(n)]), n.copy())
    return cls(W_xh, W_hh, b_x + b_h)


# Other meanings of the same letters


def other_update(gru: GRU | PublishedGRU) -> GRU | PublishedGRU:
    """The weights of the gate 1 - z in place of z (`eq-conventions-update`), and back again.

    For sources in which z takes the new state. What comes back is only to be handed to them: this
    book's layers take z as the gate that keeps. Raises ValueError for a layer that is no GRU.
    """
    check_kind(gru, "a GRU", GRU, PublishedGRU)
    H = len(gru.W_hh)
    sign = np.repeat(np.array([1, -1, 1], gru.W_hh.dtype), H)  # r, z, n
    return replace(gru, W_xh=gru.W_xh * sign, W_hh=gru.W_hh * sign, b_h=gru.b_h * sign)


def from_logistic(rnn: RNN) -> RNN:
    """From s = σ(a) to h = tanh(a), where h = 2 s - 1 at every step (`eq-conventions-elman`).

    Raises ValueError for a layer that is no RNN.
    """
    check_kind(rnn, "an RNN", RNN)
    return RNN(rnn.W_xh / 2, rnn.W_hh / 4, rnn.b_h / 2 + rnn.W_hh.sum(axis=0) / 4)
