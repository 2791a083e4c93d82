"""Valid calls of `unrolled.layers`."""

from functools import partial

import numpy as np
from registry import valid

from unrolled import layers
from unrolled.layers import ctc, fast, fast_weights, mlstm, optimize, scan
from unrolled.layers.conv import Conv
from unrolled.layers.stacked_network import StackedNetwork

T, N, D, H = 4, 3, 2, 5


def rng():
    return np.random.default_rng(0)


def normal(*shape):
    return rng().normal(size=shape)


def log_p(*shape):
    return np.log(layers.softmax(normal(*shape)))


RECURRENT = {
    "rnn.RNN": layers.RNN,
    "lstm.LSTM": layers.LSTM,
    "gru.GRU": layers.GRU,
    "gru.PublishedGRU": layers.PublishedGRU,
    "mingru.MinGRU": layers.MinGRU,
    "lru.LRU": layers.LRU,
    "selective.S6": layers.S6,
    "selective.RGLRU": layers.RGLRU,
    "slstm.SLSTM": layers.SLSTM,
    "causal_conv.CausalConv": layers.CausalConv,
    "fast.rnn.RNN": fast.RNN,
    "fast.lstm.LSTM": fast.LSTM,
    "fast.gru.GRU": fast.GRU,
    "stack.Stack": None,
    "bidirectional.Bidirectional": None,
}


def layer(cls, name):
    if name == "stack.Stack":
        return layers.Stack.init(layers.LSTM, D, [3, H], rng())
    if name == "bidirectional.Bidirectional":
        return layers.Bidirectional.init(layers.RNN, D, H, rng())
    return cls.init(D, H, rng())


def forward(cls, name):
    """x and the state of a layer."""
    one = layer(cls, name)
    state = (
        "h_0" if name.split(".")[-1] in ("RNN", "GRU", "PublishedGRU", "MinGRU", "LRU") else "state"
    )
    more = (
        {"fill": scan.tree} if cls in (layers.MinGRU, layers.LRU, layers.S6, layers.RGLRU) else {}
    )
    more |= {"lengths": np.array([4, 1, 2])} if "irection" in name or "Stack" in name else {}
    return {"self": one, "x": normal(T, N, D), state: one.zeros(N)} | more


def backward(cls, name):
    """tape, dh and dlast_state of a layer."""
    given = forward(cls, name)
    one = given.pop("self")
    h, last_state, tape = one.forward(*given.values())
    return {"self": one, "tape": tape, "dh": np.ones_like(h), "dlast_state": last_state}


for name, cls in RECURRENT.items():
    inner = (
        ("h_0", "c_0") if cls is None else ()
    )  # the states of its layers have names of their own
    grows = cls is layers.S6  # a product of three things made from x
    valid(f"layers.{name}.forward", also=inner, overflows=grows)(partial(forward, cls, name))
    valid(f"layers.{name}.backward")(partial(backward, cls, name))
    if not name.startswith("fast"):
        valid(f"layers.{name}.zeros")(partial(lambda *a: {"self": layer(*a), "N": N}, cls, name))
    if cls is not None and not name.startswith("fast"):
        more = {
            "lstm.LSTM": {"forget_bias": 1.0},
            "lru.LRU": {"ring": (0.5, 0.9), "turn": 1.0},
            "selective.S6": {"S": 3},
            "causal_conv.CausalConv": {"F": 3, "dilation": 2},
        }
        more = more.get(name, {})
        valid(f"layers.{name}.init")(
            lambda more=more: {"D": D, "H": H, "rng": rng(), "dtype": float} | more
        )


@valid("layers.stack.Stack.init")
def _():
    return {"kind": layers.GRU, "D": D, "sizes": [3, H], "rng": rng(), "dtype": np.float32}


@valid("layers.bidirectional.Bidirectional.init")
def _():
    return {"kind": layers.GRU, "D": D, "H": H, "rng": rng(), "dtype": "float32"}


@valid("layers.bidirectional.reverse")
def _():
    return {"x": normal(T, N, D), "lengths": np.array([4, 1, 2])}


@valid("layers.bidirectional.within")
def _():
    return {"lengths": np.array([4, 1, 2]), "T": T, "N": N}


def stacked():
    stack = layers.Stack.init(layers.RNN, D, [3, H], rng())
    return StackedNetwork.init(stack, H, 4, rng())


@valid("layers.stacked_network.StackedNetwork.init")
def _():
    return {"stack": stacked().stack, "H": H, "V": 4, "rng": rng(), "dtype": np.float32}


@valid("layers.stacked_network.StackedNetwork.forward")
def _():
    return {"self": stacked(), "x": normal(T, N, D), "lengths": np.array([4, 1, 2])}


@valid("layers.stacked_network.StackedNetwork.backward")
def _():
    net = stacked()
    u, tape = net.forward(normal(T, N, D))
    return {"self": net, "tape": tape, "du": normal(*u.shape)}


@valid(
    "layers.stacked_network.StackedNetwork.fit",
    changes=("self",),
    whole=("batches",),
    overflows=True,
)
def _():
    y, mask = np.zeros((T, N), dtype=int), np.ones((T, N), dtype=bool)
    batch = normal(T, N, D), y, mask, np.array([4, 1, 2])
    return {"self": stacked(), "batches": [batch] * 2, "learning_rate": 0.01, "decay": True}


@valid("layers.gru.initial_weights")
def _():
    return {"D": D, "H": H, "rng": rng(), "dtype": float}


@valid("layers.conv.Conv.init")
def _():
    return {"D": D, "H": H, "F": 3, "rng": rng(), "dtype": float}


@valid("layers.conv.Conv.forward")
def _():
    x = normal(9, N, D)
    return {"self": Conv.init(D, H, 3, rng()), "x": x, "stride": 2, "padding": 1, "dilation": 2}


@valid("layers.conv.Conv.backward")
def _():
    one = Conv.init(D, H, 3, rng())
    y, tape = one.forward(normal(9, N, D), 2, 1, 2)
    return {"self": one, "tape": tape, "dy": y}


@valid("layers.conv.output_length")
def _():
    return {"T": 9, "F": 3, "stride": 2, "padding": 1, "dilation": 2}


@valid("layers.conv.zeros")
def _():
    return {"padding": "causal", "F": 3, "dilation": 2}


@valid("layers.conv.receptive_field")
def _():
    return {"layers": [(3, 1, 1), (2, 2, 2)]}


def attend():
    mask = np.ones((6, N), bool)
    mask[4:, 0] = False
    return {"Q": normal(T, N, H), "K": normal(6, N, H), "M": normal(6, N, D), "mask": mask}


def attend_back(one):
    context, tape = one.forward(**attend())
    return {"self": one, "tape": tape, "dC": context}


@valid("layers.attention.Dot.forward")
def _():
    return {"self": layers.Dot()} | attend()


@valid("layers.attention.Dot.backward")
def _():
    return attend_back(layers.Dot())


@valid("layers.attention.Additive.init")
def _():
    return {"H": H, "A": 7, "rng": rng(), "dtype": float}


@valid("layers.attention.Additive.forward")
def _():
    return {"self": layers.Additive.init(H, 7, rng())} | attend()


@valid("layers.attention.Additive.backward")
def _():
    return attend_back(layers.Additive.init(H, 7, rng()))


@valid("layers.attention.weigh")
def _():
    return {"e": normal(N, T, 6), "mask": attend()["mask"]}


@valid("layers.ctc.collapse")
def _():
    return {"path": [0, 1, 1, 0, 2], "blank": 0}


@valid("layers.ctc.extend")
def _():
    return {"labels": np.array([1, 1, 2]), "blank": 0}


@valid("layers.ctc.forward", infinite=True)
def _():
    return {"log_p": log_p(6, 4), "labels": np.array([1, 1, 2]), "blank": 0}


@valid("layers.ctc.backward")
def _():
    return {"tape": ctc.forward(log_p(6, 4), np.array([1, 1, 2]))[1]}


@valid("layers.ctc.fewest_frames")
def _():
    return {"labels": np.array([1, 1, 2])}


@valid("layers.gradients.numerical_gradient", also=("f(x)",))
def _():
    return {"f": lambda x: float(x.sum()), "x": normal(2, 3), "step": 1e-6}


@valid("layers.gradients.relative_error")
def _():
    return {"a": normal(2, 3), "b": normal(2, 3) + 1}


@valid("layers.gradients.check_layer", also=("h_0",), whole=("layer",))
def _():
    one = layers.RNN.init(D, 2, rng())
    return {"layer": one, "x": normal(2, 1, D), "state": one.zeros(1), "rng": rng()}


@valid("layers.gradients.cotangent")
def _():
    return {"state": [normal(N, H), (normal(N, H), normal(N, H))], "rng": rng()}


@valid("layers.gradients.named")
def _():
    return {"tree": [layers.RNN.init(D, H, rng()), (normal(2), normal(2))], "path": "a."}


@valid("layers.loss.softmax")
def _():
    return {"u": normal(N, H)}


@valid("layers.loss.cross_entropy")
def _():
    y, mask = np.array([[0, 4, 2]] * 2), np.array([[True, False, True]] * 2)
    return {"u": normal(2, N, H), "y": y, "mask": mask}


@valid("layers.loss.rows_cross_entropy")
def _():
    return {"u": normal(N, H), "y": np.array([0, 4, 2])}


def parameters():
    return {"layer": layers.CausalConv.init(D, H, rng()), "others": [normal(2), (normal(3, 2),)]}


def descend(optimizer):
    return {"self": optimizer, "parameters": parameters(), "gradients": parameters()}


@valid("layers.optimize.SGD")
def _():
    return {"learning_rate": 0.1, "momentum": 0.9}


@valid("layers.optimize.SGD.step", changes=("self", "parameters"))
def _():
    return descend(optimize.SGD(0.1, 0.9))


@valid("layers.optimize.Adam")
def _():
    return {"learning_rate": 0.1, "betas": (0.9, 0.99), "epsilon": 1e-8}


@valid("layers.optimize.Adam.step", changes=("self", "parameters"))
def _():
    return descend(optimize.Adam(0.1))


@valid("layers.optimize.pairs")
def _():
    return {"parameters": parameters(), "gradients": parameters()}


@valid("layers.optimize.arrays", "layers.optimize.parts_of")
def _():
    return {"tree": parameters()}


@valid("layers.optimize.global_norm")
def _():
    return {"gradients": parameters()}


@valid("layers.optimize.clip_norm", "layers.optimize.clip_value", changes=("gradients",))
def _():
    return {"gradients": parameters(), "limit": 0.5}


@valid("layers.scan.forward", overflows=True)
def _():
    return {"beta": normal(9, 2), "gamma": normal(9, 2), "s_0": normal(2), "fill": scan.tree}


@valid("layers.scan.backward")
def _():
    s, tape = scan.forward(normal(9, 2), normal(9, 2), normal(2))
    return {"tape": tape, "ds": s, "dlast_state": s[-1]}


def one_factor():
    """x, the logarithms of the factors, B, C and h of three sequences."""
    x, B, C = normal(T, N, 4), normal(T, N, D), normal(T, N, D)
    return {"x": x, "log_a": -abs(normal(T, N)), "B": B, "C": C, "h": normal(N, D, 4)}


for form in ("recurrent", "masked"):
    valid(f"layers.semiseparable.{form}", overflows=True)(one_factor)


@valid("layers.semiseparable.blocks", overflows=True)
def _():
    return one_factor() | {"L": 3}


@valid("layers.semiseparable.decays")
def _():
    return {"log_a": -abs(normal(T, N))}


def fast_weights_arguments():
    return {
        **{"q": normal(9, 2, 3), "k": normal(9, 2, 3), "v": normal(9, 2, 4)},
        **{"log_alpha": -abs(normal(9, 2)), "beta": abs(normal(9, 2)), "S_0": normal(2, 3, 4)},
    }


@valid("layers.fast_weights.forward", overflows=True)
def _():
    return fast_weights_arguments() | {"delta": True}


@valid("layers.fast_weights.backward")
def _():
    o, S_T, tape = fast_weights.forward(**fast_weights_arguments())
    return {"tape": tape, "do": o, "dS_T": S_T}


@valid("layers.fast.fast_weights.forward", overflows=True)
def _():
    return fast_weights_arguments() | {"delta": True, "C": 4}


@valid("layers.fast.fast_weights.backward")
def _():
    o, S_T, tape = fast.fast_weights.forward(**fast_weights_arguments(), C=4)
    return {"tape": tape, "do": o, "dS_T": S_T}


def mlstm_arguments():
    return {
        **{"q": normal(9, 2, 3), "k": normal(9, 2, 3), "v": normal(9, 2, 4)},
        **{"log_f": -abs(normal(9, 2)), "a": normal(9, 2)},
        "state": (normal(2, 3, 5), normal(2)),
    }


@valid("layers.mlstm.stabiliser", overflows=True)
def _():
    return {"a": normal(9, 2), "log_f": -abs(normal(9, 2)), "m_0": normal(2)}


@valid("layers.mlstm.forward", overflows=True)
def _():
    return mlstm_arguments() | {"C": 4}


@valid("layers.mlstm.backward")
def _():
    o, (S_T, _), tape = mlstm.forward(**mlstm_arguments())
    return {"tape": tape, "do": o, "dS_T": S_T}


@valid("layers.hippo.polynomials")
def _():
    return {"p": np.linspace(0, 1, 4), "H": H}


@valid("layers.hippo.matrices")
def _():
    return {"H": H}


@valid("layers.hippo.squeeze")
def _():
    return {"kept": 0.5, "H": H}


@valid("layers.hippo.remember", "layers.hippo.project")
def _():
    return {"x": normal(T), "H": H}


@valid("layers.long_filter.filtered")
def _():
    return {"x": normal(T, N), "K": normal(T)}
