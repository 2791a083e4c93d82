"""Recurrent networks, derived and run: the package behind the book *Unrolled*."""
