"""The sounds follow the rule that the module states."""

from itertools import pairwise

import numpy as np
import pytest

from unrolled.datasets import spoken_letters


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_every_letter_has_its_own_sound():
    assert (
        len(spoken_letters.RULE)
        == len(spoken_letters.LETTERS)
        == len(set(spoken_letters.RULE.values()))
    )


def pitch(samples, lowest, highest):
    """The strongest frequency in a band, of a stretch of sound."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8192))
    hertz = np.fft.rfftfreq(8192, 1 / spoken_letters.RATE)
    inside = (hertz >= lowest) & (hertz <= highest)
    return hertz[inside][power[inside].argmax()]


@pytest.mark.parametrize("letter", spoken_letters.LETTERS)
def test_tones_stay_rise_and_fall_as_said(letter, rng):
    low, high = spoken_letters.RULE[letter]
    samples = spoken_letters.voice(letter, 800, rng)
    for (first, last), band in (
        (spoken_letters.LOW[low], (300, 800)),
        (spoken_letters.HIGH[high], (900, 1500)),
    ):
        for part, place in ((samples[:240], 0.15), (samples[-240:], 0.85)):
            assert pitch(part, *band) == pytest.approx(first + place * (last - first), abs=45)


def measured(samples, lowest, highest):
    """The frequencies at which a tone in a band begins and ends, to a fraction of a hertz.

    What is outside the band goes, and so do the negative frequencies; then the angle of what is
    left grows by 2 pi times the frequency, which is a line in time.
    """
    spectrum = np.fft.fft(samples)
    hertz = np.fft.fftfreq(len(samples), 1 / spoken_letters.RATE)
    spectrum[(hertz < lowest) | (hertz > highest)] = 0
    inner = slice(len(samples) // 10, -len(samples) // 10)
    angle = np.unwrap(np.angle(np.fft.ifft(spectrum)))
    tau = (np.arange(len(samples)) / len(samples))[inner]
    slope, first = np.polyfit(tau, np.gradient(angle)[inner] * spoken_letters.RATE / 2 / np.pi, 1)
    return first, first + slope


@pytest.mark.parametrize("letter", spoken_letters.LETTERS)
def test_tones_to_the_hertz(letter, rng):
    """The table of the docstring: 400 to 700 Hz and 1000 to 1400 Hz, and ten letters in order."""
    steady, up, down = (400, 400), (400, 700), (700, 400)
    lows = [steady, (700, 700), up, down] * 3
    highs = [(1000, 1000)] * 4 + [(1000, 1400)] * 4 + [(1400, 1000)] * 4
    place = "aeilmnorst".index(letter)
    samples = spoken_letters.voice(letter, 40_000, rng)
    assert measured(samples, 300, 850) == pytest.approx(lows[place], abs=0.4)
    assert measured(samples, 850, 1600) == pytest.approx(highs[place], abs=0.4)


def test_swell_and_loudness(evenly):
    """The root of half a sine wave, so its mean square is 2 / pi; each tone's is a half."""
    rng = np.random.default_rng(3)
    said = np.stack([spoken_letters.voice("a", 400, rng) for _ in range(3000)])
    power = (said**2).mean(axis=0)
    assert np.abs(power - np.sin(np.pi * np.arange(400) / 400)).max() < 0.12
    loud = []
    for _ in range(300):
        samples, spans = spoken_letters.sound("roses", rng, noise=0)
        loud += [samples[a:b].std() / np.sqrt(2 / np.pi) for a, b in spans]
    evenly(loud, 0.5, 1.5)


def test_edges_spread_evenly_and_noise_is_half_a_tone(evenly):
    rng = np.random.default_rng(4)
    before, after, silence = [], [], []
    for _ in range(1000):
        samples, spans = spoken_letters.sound("at", rng)
        before.append(spans[0, 0] / spoken_letters.RATE)
        after.append((len(samples) - spans[-1, 1]) / spoken_letters.RATE)
        silence.append(samples[: spans[0, 0]])
    evenly(before, 0.05, 0.15)
    evenly(after, 0.05, 0.15)
    assert np.concatenate(silence).std() == pytest.approx(0.5, abs=0.01)


def test_silence_is_a_thousandth(rng):
    """log10 of 1/100 is the least there is, and 1 is taken off."""
    assert np.allclose(spoken_letters.frames(np.zeros(300)), -3)


def test_lengths_pauses_and_spans(rng):
    lengths, pauses, edges = [], [], []
    for text in spoken_letters.strings(300, rng):
        samples, spans = spoken_letters.sound(text, rng)
        assert spans.shape == (len(text), 2)
        lengths += [*(spans[:, 1] - spans[:, 0]) / spoken_letters.RATE]
        pauses += [*(spans[1:, 0] - spans[:-1, 1]) / spoken_letters.RATE]
        edges += [
            spans[0, 0] / spoken_letters.RATE,
            (len(samples) - spans[-1, 1]) / spoken_letters.RATE,
        ]
    for drawn, (least, most) in ((lengths, (0.06, 0.18)), (edges, (0.05, 0.15))):
        assert least - 1e-3 <= min(drawn) < least + 0.005 and most - 0.005 < max(drawn) <= most
    assert np.log(lengths).mean() == pytest.approx(np.log(0.06 * 0.18) / 2, abs=0.03)
    assert min(pauses) >= 0 and np.mean(pauses) == pytest.approx(0.08, abs=0.01)
    assert np.std(pauses) == pytest.approx(0.08, abs=0.015)


def test_letters_are_louder_than_silence(rng):
    samples, spans = spoken_letters.sound("lesson", rng, noise=0.0)
    inside = np.zeros(len(samples), bool)
    for start, stop in spans:
        inside[start:stop] = True
    assert np.all(samples[~inside] == 0) and samples[inside].std() > 0.4


def test_noise(rng):
    samples, spans = spoken_letters.sound("a", rng, noise=2.0)
    assert samples[: spans[0, 0]].std() == pytest.approx(2.0, rel=0.2)


def test_frames_show_the_pitch(rng):
    t = np.arange(1000) / spoken_letters.RATE
    spectra = spoken_letters.frames(np.sin(2 * np.pi * 500 * t))
    assert spectra.shape == (
        1 + (1000 - spoken_letters.WINDOW) // spoken_letters.HOP,
        spoken_letters.WINDOW // 2,
    )
    assert np.all(
        spectra.argmax(axis=1) == 500 * spoken_letters.WINDOW / spoken_letters.RATE - 1
    )  # without 0 Hz
    louder = spoken_letters.frames(10 * np.sin(2 * np.pi * 500 * t))
    assert louder.max() - spectra.max() == pytest.approx(2, abs=1e-3)  # log10 of the power


def test_a_text_and_its_numbers():
    assert spoken_letters.decode(spoken_letters.encode("street")) == "street"
    assert spoken_letters.encode(spoken_letters.LETTERS).tolist() == list(
        range(1, 11)
    )  # 0 is the blank


def test_strings_repeat_letters(rng):
    texts = spoken_letters.strings(2000, rng, 3, 5)
    assert {len(text) for text in texts} == {3, 4, 5}
    equal = [a == b for text in texts for a, b in pairwise(text)]
    assert np.mean(equal) == pytest.approx(0.25 + 0.75 / 10, abs=0.02)
    assert set(spoken_letters.LETTERS) == set("".join(texts))


def test_words_can_be_said():
    assert all(set(word) <= set(spoken_letters.LETTERS) for word in spoken_letters.WORDS)
    assert len(set(spoken_letters.WORDS)) == len(spoken_letters.WORDS)


def test_batch(rng):
    texts = ["seem", "too"]
    spoken = spoken_letters.batch(texts, np.random.default_rng(1))
    again = np.random.default_rng(1)
    for n, text in enumerate(texts):
        samples, spans = spoken_letters.sound(text, again)
        spectra = spoken_letters.frames(samples)
        T = len(spectra)
        assert spoken.lengths[n] == T and spoken.sizes[n] == len(text)
        assert np.array_equal(spoken.x[:T, n], spectra.astype(np.float32))
        assert not spoken.x[T:, n].any() and not spoken.labels[n, len(text) :].any()
        assert spoken_letters.decode(spoken.labels[n, : len(text)]) == text
        for t in range(T):
            middle = t * spoken_letters.HOP + spoken_letters.WINDOW // 2
            heard = [c for c, (a, b) in zip(text, spans, strict=True) if a <= middle < b]
            assert spoken_letters.decode(spoken.truth[[t], n][spoken.truth[[t], n] > 0]) == "".join(
                heard
            )
        assert not spoken.truth[T:, n].any()


def test_what_cannot_be_said(rng):
    for text in ("", "Tree", "a b"):
        with pytest.raises(ValueError, match="letters of 'aeilmnorst'"):
            spoken_letters.sound(text, rng)
    with pytest.raises(ValueError, match="128"):
        spoken_letters.frames(np.zeros(100))


def test_only_letters_have_numbers_and_only_their_numbers_are_read():
    with pytest.raises(ValueError, match="letters of 'aeilmnorst', got 'abc'"):
        spoken_letters.encode("abc")
    assert spoken_letters.encode("").dtype == np.int64
    for wrong in ([1, 10, 0, 0], [-1], [11], [1.5]):
        with pytest.raises(ValueError, match="whole numbers from 1 to 10, got "):
            spoken_letters.decode(wrong)
    assert spoken_letters.decode(np.array([1, 10])) == "at" and spoken_letters.decode([]) == ""
