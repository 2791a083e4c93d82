"""One layer in many spellings: weights carried between this book, torch, Keras and slides.

Every source stores the same numbers. They differ in whether samples are rows or columns, in the
order in which the gates are stacked, in whether input and state have matrices of their own, in the
number of biases, and, for the GRU, in what the gates mean. What only rearranges numbers is a pair
of functions here, `to_…` and `from_…`, which undo each other; what would change the function that
the layer computes is a ValueError.

T steps, N sequences, D inputs, H hidden units; k gates: 1 in an RNN, 4 in an LSTM, 3 in a GRU.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy import ndarray

from unrolled.gru import GRU
from unrolled.lstm import LSTM
from unrolled.rnn import RNN

Layer = RNN | LSTM | GRU

ORDER = {RNN: "h", LSTM: "ifgo", GRU: "rzn"}  # how this book stacks the gates, as torch does
KERAS_GRU = "zrn"  # the one order of Keras that is not this book's; it writes h for n


def reorder(a: ndarray, before: Sequence[str], after: Sequence[str]) -> ndarray:
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
    """Separate matrices, named as in `eq-conventions-lstm`: W_xi, W_hi, b_i, W_xf, …

    Parameters
    ----------
    layer : RNN, LSTM or GRU
    columns : give W_xi (H, D) and W_hi (H, H) for products W x with one sample in each column,
        rather than (D, H) and (H, H) for x W with samples in rows

    Returns
    -------
    gates : "W_x?", "W_h?", "b_?" for each gate ?; a GRU whose reset comes after the product has
        "b_hn" as well
    """
    names = ORDER[kind(layer)]
    gates = {}
    for prefix, array in (("W_x", layer.W_xh), ("W_h", layer.W_hh), ("b_", layer.b_h)):
        for gate, block in zip(names, np.split(array, len(names), axis=-1), strict=True):
            gates[prefix + gate] = (block.T if columns else block).copy()
    if kind(layer) is GRU and not resets_before(layer):
        gates["b_hn"] = layer.b_hn.copy()
    return gates


def from_gates(gates: Mapping[str, ndarray], columns: bool = False) -> Layer:
    """Undo `to_gates`. A missing bias is zero; a GRU without "b_hn" resets before the product.

    Raises
    ------
    ValueError : if the names are not those of one layer (a peephole, an unknown gate)
    """
    given = {name.removeprefix("W_h") for name in gates if name.startswith("W_h")}
    cls = next((cls for cls, order in ORDER.items() if set(order) == given), None)
    names = ORDER.get(cls, "")
    known = {prefix + gate for prefix in ("W_x", "W_h", "b_") for gate in names}
    known |= {"b_hn"} if cls is GRU else set()
    missing = {name for name in known - set(gates) if name.startswith("W")}
    if cls is None or missing or set(gates) - known:
        raise ValueError(f"these are not the weights of an RNN, an LSTM or a GRU: {sorted(gates)}")

    def stack(prefix: str) -> ndarray:
        zero = np.zeros(len(gates["W_h" + names[0]]), gates["W_h" + names[0]].dtype)
        parts = [np.asarray(gates.get(prefix + gate, zero)) for gate in names]
        return np.concatenate([part.T if columns else part for part in parts], axis=-1)

    return make(cls, stack("W_x"), stack("W_h"), stack("b_"), gates.get("b_hn"))


# One matrix for everything, W [h; x], as in CS231n, and in Γ notation gate by gate


def to_stacked(layer: Layer, order: str, first: str = "h") -> tuple[ndarray, ndarray]:
    """One matrix that is applied to state and input at once (`eq-conventions-stacked`).

    Parameters
    ----------
    layer : RNN, LSTM, or a GRU that resets before the product
    order : the gates from top to bottom: "ifog" for CS231n; "h" for an RNN
    first : "h" if the state stands above the input, "x" if it stands below

    Returns
    -------
    W : (k H, H + D), to be multiplied with columns of H + D entries
    b : (k H,)

    Raises
    ------
    ValueError : for a GRU that resets after the product: its candidate has two products
    """
    if kind(layer) is GRU and not resets_before(layer):
        raise ValueError(
            "this GRU multiplies the state before it resets it, so state and input can't share one "
            "product; only a GRU that resets before the product can be stacked"
        )
    blocks = (layer.W_hh, layer.W_xh) if first == "h" else (layer.W_xh, layer.W_hh)
    before = ORDER[kind(layer)]
    W = reorder(np.concatenate(blocks), before, order)  # (H + D, k H)
    return W.T.copy(), reorder(layer.b_h, before, order)


def from_stacked(W: ndarray, b: ndarray | None, order: str, first: str = "h") -> Layer:
    """Undo `to_stacked`; b = None means zero. A GRU is taken to reset before the product."""
    cls = next((cls for cls, names in ORDER.items() if sorted(names) == sorted(order)), None)
    if cls is None or W.shape[0] % len(order) or W.shape[1] <= W.shape[0] // len(order):
        raise ValueError(f"W must be (k H, H + D) with gates {order!r}, got {W.shape}")
    H = W.shape[0] // len(order)
    rows = reorder(W.T, order, ORDER[cls])  # (H + D, k H)
    W_hh, W_xh = (rows[:H], rows[H:]) if first == "h" else (rows[-H:], rows[:-H])
    b = np.zeros(len(W), W.dtype) if b is None else reorder(b, order, ORDER[cls])
    return make(cls, W_xh.copy(), W_hh.copy(), b)


# torch and Keras


def to_torch(layer: Layer) -> dict[str, torch.Tensor]:
    """The state dict of a torch.nn.RNN, LSTM or GRU with one layer in one direction.

    torch keeps a second bias for the state's product (`eq-conventions-biases`). It gets zeros,
    except that b_hn is in the GRU's.

    Raises
    ------
    ValueError : for a GRU that resets before the product; torch.nn.GRU resets after it
    """
    if kind(layer) is GRU and resets_before(layer):
        raise ValueError("torch.nn.GRU resets after the product, this GRU before: see the page")
    arrays = (layer.W_xh.T, layer.W_hh.T, layer.b_h, second_bias(layer))
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return {name: torch.tensor(array.copy()) for name, array in zip(names, arrays, strict=True)}


def from_torch(state: Mapping[str, torch.Tensor]) -> Layer:
    """The layer with the weights of a torch.nn.RNN (tanh), LSTM or GRU.

    Only sums of torch's two biases act, so only sums are kept: `to_torch` gives a layer that
    computes the same, not the same two biases.

    Raises
    ------
    ValueError : for a second layer, a second direction or a projection
    """
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in state.items()}
    extra = set(arrays) - {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}
    if extra:
        raise ValueError(f"one layer in one direction has no {', '.join(sorted(extra))}")
    W_xh, W_hh = (arrays[name].T.copy() for name in ("weight_ih_l0", "weight_hh_l0"))
    zero = np.zeros(W_hh.shape[1], W_hh.dtype)
    b_x, b_h = (arrays.get(name, zero) for name in ("bias_ih_l0", "bias_hh_l0"))
    return with_two_biases(kind_of(W_hh), W_xh, W_hh, b_x, b_h)


def to_keras(layer: Layer) -> list[ndarray]:
    """For `set_weights` of a Keras SimpleRNN, LSTM or GRU; kernel, recurrent kernel, bias.

    A GRU that resets before the product is for `GRU(reset_after=False)`.
    """
    if kind(layer) is not GRU:
        return [layer.W_xh.copy(), layer.W_hh.copy(), layer.b_h.copy()]
    bias = layer.b_h if resets_before(layer) else np.stack([layer.b_h, second_bias(layer)])
    return [reorder(a, ORDER[GRU], KERAS_GRU) for a in (layer.W_xh, layer.W_hh, bias)]


def from_keras(weights: Sequence[ndarray]) -> Layer:
    """The layer with the weights that a Keras SimpleRNN, LSTM or GRU gives by `get_weights`.

    The bias tells the GRU's two forms apart: (3 H,) resets before the product, (2, 3 H) after.

    Raises
    ------
    ValueError : if the bias is missing (`use_bias=False`); give one of zeros
    """
    if len(weights) != 3:
        raise ValueError(f"expected kernel, recurrent kernel and bias, got {len(weights)} arrays")
    cls = kind_of(weights[1])
    before = KERAS_GRU if cls is GRU else ORDER[cls]
    W_xh, W_hh, bias = (reorder(np.asarray(a), before, ORDER[cls]) for a in weights)
    if bias.ndim == 1:
        return make(cls, W_xh, W_hh, bias)
    return with_two_biases(cls, W_xh, W_hh, *bias)


# Other meanings of the same letters


def other_update(gru: GRU) -> GRU:
    """The weights of the gate 1 - z in place of z (`eq-conventions-update`), and back again.

    For sources in which z takes the new state: convert their weights as if z kept the old one,
    then call this. What it returns for this book's GRU is only to be handed to such a source.
    """
    H = gru.W_hh.shape[0]
    sign = np.repeat(np.array([1, -1, 1], gru.W_hh.dtype), H)  # r, z, n
    return make(GRU, gru.W_xh * sign, gru.W_hh * sign, gru.b_h * sign, gru.b_hn)


def from_logistic(rnn: RNN) -> RNN:
    """From h = σ(a) to h = tanh(a) with the same information (`eq-conventions-elman`).

    The new states are 2 s - 1, where s are those of the logistic network (Elman 1990).
    """
    return RNN(rnn.W_xh / 2, rnn.W_hh / 4, rnn.b_h / 2 + rnn.W_hh.sum(axis=0) / 4)


# What the converters share


def kind(layer: Layer) -> type:
    for cls in ORDER:
        if isinstance(layer, cls):
            return cls
    raise ValueError(f"expected an RNN, an LSTM or a GRU, got a {type(layer).__name__}")


def kind_of(W_hh: ndarray) -> type:
    """RNN, LSTM or GRU, told by the number of H × H blocks in a (H, k H) array."""
    H, columns = W_hh.shape
    found = {H * len(names): cls for cls, names in ORDER.items()}.get(columns)
    if found is None:
        raise ValueError(f"recurrent weights must be H × H, 3 H or 4 H, got {H} × {columns}")
    return found


def resets_before(gru: GRU) -> bool:
    return gru.b_hn is None


def make(cls: type, W_xh: ndarray, W_hh: ndarray, b_h: ndarray, b_hn: ndarray | None = None):
    """A layer; a GRU without b_hn resets before the product."""
    return cls(W_xh, W_hh, b_h, b_hn) if cls is GRU else cls(W_xh, W_hh, b_h)


def second_bias(layer: Layer) -> ndarray:
    """(k H,) what torch and Keras add to the state's product: zero, and b_hn for the GRU's n."""
    bias = np.zeros_like(layer.b_h)
    if isinstance(layer, GRU):
        bias[-len(layer.b_hn) :] = layer.b_hn
    return bias


def with_two_biases(cls: type, W_xh: ndarray, W_hh: ndarray, b_x: ndarray, b_h: ndarray) -> Layer:
    """Add the two biases up where only their sum acts: everywhere but in the GRU's candidate."""
    if cls is not GRU:
        return make(cls, W_xh, W_hh, b_x + b_h)
    H = len(W_hh)
    b = b_x + np.concatenate([b_h[: 2 * H], np.zeros_like(b_h[2 * H :])])
    return make(GRU, W_xh, W_hh, b, b_h[2 * H :].copy())
