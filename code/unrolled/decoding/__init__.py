"""How a sequence is taken from a model's distributions: sampling, search, CTC, edit distance.

Nothing here knows a network from the inside: a method asks for the next distribution, chooses, and
asks again.
"""

from unrolled.decoding.beam_search import beam
from unrolled.decoding.edit_distance import error_rate
from unrolled.decoding.sampling import nucleus, temperature, top_k

__all__ = [
    "beam",
    "error_rate",
    "nucleus",
    "temperature",
    "top_k",
]
