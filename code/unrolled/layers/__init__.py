"""Layers whose gradients are written out by hand, in NumPy alone.

Recurrent cells, convolution, attention, losses, the scan, and what trains and checks them. A
layer is a dataclass of parameters. Every recurrent one keeps the same contract (`layer_contract`):
`forward(x, state) -> h, last_state, tape` and `backward(tape, dh, dlast_state=None) -> grads, dx,
dstate`, with time as the first axis, and `init` and `zeros` to begin with. `fast` holds RNN, LSTM
and GRU once more, laid out for speed: equal results, longer to read. Layers import no models and no
plotting, so this group runs wherever NumPy does.
"""

from unrolled.layers.attention import Additive, Dot
from unrolled.layers.bidirectional import Bidirectional
from unrolled.layers.causal_conv import CausalConv
from unrolled.layers.conv import Conv
from unrolled.layers.gradients import check_layer, numerical_gradient, relative_error
from unrolled.layers.gru import GRU, PublishedGRU
from unrolled.layers.loss import cross_entropy, softmax
from unrolled.layers.lru import LRU
from unrolled.layers.lstm import LSTM
from unrolled.layers.mingru import MinGRU
from unrolled.layers.optimize import Adam, clip_norm
from unrolled.layers.rnn import RNN
from unrolled.layers.selective import RGLRU, S6
from unrolled.layers.slstm import SLSTM
from unrolled.layers.stack import Stack

__all__ = [
    "GRU",
    "LRU",
    "LSTM",
    "RGLRU",
    "RNN",
    "S6",
    "SLSTM",
    "Adam",
    "Additive",
    "Bidirectional",
    "CausalConv",
    "Conv",
    "Dot",
    "MinGRU",
    "PublishedGRU",
    "Stack",
    "check_layer",
    "clip_norm",
    "cross_entropy",
    "numerical_gradient",
    "relative_error",
    "softmax",
]
