"""Why a test gives no points, in words that a student may read."""


class Failure(Exception):
    """A test that gives no points. Its text goes to the student: no input, no reference value."""


class Wrong(Failure):
    """An answer that is not the right one. `detail` has values, and is shown in practice only."""

    def __init__(self, reason: str, detail: str = ""):
        """The sentence for the student, and what only practice may add."""
        super().__init__(reason)
        self.detail = detail
