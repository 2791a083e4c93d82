"""The equations of speech-search.md, each against an independent route."""

import math

import numpy as np
import pytest
from letter_paths import chance, draw, every

from unrolled.decoding import ctc_decoding
from unrolled.layers import ctc


@pytest.mark.equation("eq-speech-prefix", tolerance=1e-12)
def test_prefix(check, rng):
    """Left: all paths, sorted by what they say and how they end; right: the recursion."""
    T = 5
    y_hat, _, _ = draw(rng, T=T)
    left = {}
    for path in every(T):
        key = ctc.collapse(path), path[-1] == 0
        left[key] = left.get(key, 0.0) + chance(y_hat, path)
    keys = sorted(left)
    texts = sorted({text for text, _ in keys} | {()}, key=len)

    def recursion(repeat_after_letter=False, stays=True, one_number=False):
        b, n = {(): 1.0}, {}
        for y in y_hat:
            b_new = {ell: (b.get(ell, 0) + n.get(ell, 0)) * y[0] for ell in texts}
            n_new = {}
            for ell in texts:
                if not ell:
                    continue
                before, v = ell[:-1], ell[-1]
                fresh = b.get(before, 0)
                if repeat_after_letter or v != (before[-1] if before else None):
                    fresh += n.get(before, 0)
                going = n.get(ell, 0) if stays else 0
                going += b.get(ell, 0) if one_number else 0
                n_new[ell] = (going + fresh) * y[v]
            b, n = b_new, n_new
        return np.array([(b if ends else n).get(text, 0.0) for text, ends in keys])

    right = recursion()
    found = {labels: score for score, labels in ctc_decoding.prefix_beam(np.log(y_hat), 10**6)}
    for text in texts:
        total = sum(value for (labels, _), value in left.items() if labels == text)
        assert found[text] == pytest.approx(math.log(total))
    planted = {
        "a repeat needs no blank": recursion(repeat_after_letter=True),
        "a letter lasts one frame": recursion(stays=False),
        "one number a text": recursion(one_number=True),
    }
    check(np.array([left[key] for key in keys]), right, planted=planted)
