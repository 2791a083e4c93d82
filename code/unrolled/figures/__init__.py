"""How the pages show things: plots, drawings of networks, coloured text, source code.

Plot helpers take an `ax` and return it. Models and layers import nothing from here.
"""

from unrolled.figures.cell_diagrams import circuit, lstm_cell
from unrolled.figures.coloured_text import coloured
from unrolled.figures.diagrams import folded_graph, graph, topologies, unrolled_graph
from unrolled.figures.plot import COLORS, ink, label_line, use_style
from unrolled.figures.source import show

__all__ = [
    "COLORS",
    "circuit",
    "coloured",
    "folded_graph",
    "graph",
    "ink",
    "label_line",
    "lstm_cell",
    "show",
    "topologies",
    "unrolled_graph",
    "use_style",
]
