"""The recurrent layers laid out for speed: `RNN`, `LSTM` and `GRU`, equal to the plain ones.

Parameters, contract and results are those of the plain layers, which are the ones to read first.
What differs is how the arrays lie and in which order the same numbers are computed. In the LSTM
and the GRU:

- Features come first, sequences last. At each step, every gate is then one block of memory.
- The inputs of a step stand below each other in one array, h[t-1], x[t] and a 1 whose weight is
  the bias. A product with it needs no additions after it.
- The way back through a gate is a factor that is known before the loop, its slope. All slopes of a
  few steps are computed at once, and the loop only multiplies by them.

In all three, a product of small matrices is split where the processor is faster so (`products`).
"""

from unrolled.layers.fast.gru import GRU
from unrolled.layers.fast.lstm import LSTM
from unrolled.layers.fast.rnn import RNN

__all__ = ["GRU", "LSTM", "RNN"]
