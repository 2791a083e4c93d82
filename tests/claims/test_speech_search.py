"""What sentences of the page on searching for the likeliest text say."""

import inspect

from unrolled.datasets import spoken_letters


def test_noise_of_training(claim):
    """What `batch` adds unless it is told otherwise."""
    claim(
        "We say real words, in more noise than the network was trained with (0.65 in place of 0.5)."
    )
    assert inspect.signature(spoken_letters.batch).parameters["noise"].default == 0.5
