"""Five character LSTMs trained on Python's standard library, and tools to look into their cells.

Training them takes a quarter of an hour, so trained.npz keeps them; `python -m unrolled.char_lstm`
makes it again.
"""
