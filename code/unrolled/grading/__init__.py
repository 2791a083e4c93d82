"""Problem sets: drawn from a key, handed out as notebooks, graded out of reach."""
