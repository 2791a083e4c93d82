"""Synthetic speech: every letter is a sound made by a rule, so the truth is known.

- Two tones sound at once, a low and a high one. Each stays, rises or falls while the
  letter lasts: the low one between 400 and 700 Hz, the high one between 1000 and
  1400 Hz (the table `RULE`).
- A letter lasts 60 to 180 ms (uniform in the logarithm), swells and fades, and is up
  to three times as loud as another.
- Silence between letters is exponential with mean 80 ms; around the text it lasts 50
  to 150 ms. Noise lies over everything.

A sound is 4000 samples a second. A frame is the spectrum of 32 ms, a new one every
24 ms.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from unrolled import checks

RATE, WINDOW, HOP = 4000, 128, 96  # samples a second, in a frame, from frame to frame
LETTERS = "aeilmnorst"
LOW = {"low": (400, 400), "high": (700, 700), "rises": (400, 700), "falls": (700, 400)}  # Hz
HIGH = {"low": (1000, 1000), "rises": (1000, 1400), "falls": (1400, 1000)}
_WAYS = [(low, high) for high in HIGH for low in LOW]
RULE = dict(zip(LETTERS, _WAYS, strict=False))  # letter -> what its low and high tone do
_LIST = """
    alarm area arena arise aroma arrest arson enamel entire error essential interest irritate
    alien lesson letter lion litre little loose loss mallet martini matter mental meter miller
    mirror mission moon moral motto nettle noise noon orient realise remote rooster rose salt
    sea seem seen senate sessile seminar settle silent silo sister slim smell solo stall steel
    stereo still stool storm street tall tallest tassel tell terminal terror time toil tool toss
    total trail tree
"""
WORDS = tuple(_LIST.split())


class Spoken(NamedTuple):
    """N texts and their sounds; beyond a sound's or a text's own length there are zeros."""

    x: ndarray  # (T, N, D) float32 frames, T those of the longest sound
    lengths: ndarray  # (N,) frames of each
    labels: ndarray  # (N, U) the letters' numbers, U those of the longest text
    sizes: ndarray  # (N,) letters of each
    spans: ndarray  # (N, U, 2) where each letter begins and ends, in frames; nobody tells a network
    truth: ndarray  # (T, N) the label that sounds in the middle of a frame; 0 is silence


def strings(count: int, rng: np.random.Generator, shortest: int = 2, longest: int = 6) -> list[str]:
    """Random texts; a letter repeats the one before it with probability 1/4."""
    checks.whole(count=count)
    checks.generator(rng)
    checks.whole(1, shortest=shortest)
    checks.whole(shortest, 10_000, longest=longest)
    texts = []
    for length in rng.integers(shortest, longest + 1, size=count):
        letters = list(rng.choice(list(LETTERS), size=length))
        for i in range(1, length):
            if rng.random() < 0.25:
                letters[i] = letters[i - 1]
        texts.append("".join(letters))
    return texts


def sound(text: str, rng: np.random.Generator, noise: float = 0.5) -> tuple[ndarray, ndarray]:
    """Say a text.

    Parameters
    ----------
    text : letters of `LETTERS`
    rng : draws lengths, loudness, pauses and noise
    noise : standard deviation of the noise; a letter's two tones have amplitude 0.5 to 1.5

    Returns
    -------
    samples : float64, `RATE` of them a second
    spans : (len(text), 2) the first sample of each letter, and the first after it

    Raises
    ------
    ValueError : if the text is empty or has another letter
    """
    checks.generator(rng)
    checks.number(0, 1e6, noise=noise)
    checks.text(text=text)
    if not text:
        raise ValueError(f"text must be one or more letters of {LETTERS!r}, got none")
    _check_letters(text)
    lengths = (0.06 * 3 ** rng.random(len(text)) * RATE).astype(int)
    pauses = (rng.exponential(0.08, size=len(text)) * RATE).astype(int)
    before, after = (rng.uniform(0.05, 0.15, size=2) * RATE).astype(int)
    starts = before + np.cumsum(lengths + pauses) - lengths - pauses
    samples = noise * rng.normal(size=starts[-1] + lengths[-1] + after)
    for letter, start, length in zip(text, starts, lengths, strict=True):
        samples[start : start + length] += rng.uniform(0.5, 1.5) * voice(letter, length, rng)
    return samples, np.stack([starts, starts + lengths], axis=1)


def voice(letter: str, length: int, rng: np.random.Generator) -> ndarray:
    """One letter without noise, of `length` samples; its tones start at a random phase."""
    if not isinstance(letter, str) or letter not in RULE:
        raise ValueError(f"letter must be one of {LETTERS!r}, got {checks.came(letter)}")
    checks.whole(length=length)
    checks.generator(rng)
    tau = np.arange(length) / length  # 0 to 1 within the letter
    swell = np.sin(np.pi * tau) ** 0.5
    low, high = RULE[letter]
    total = np.zeros(length)
    for first, last in (LOW[low], HIGH[high]):
        hertz = first + (last - first) * tau
        total += np.sin(2 * np.pi * (np.cumsum(hertz) / RATE + rng.random()))
    return swell * total


def frames(samples: ndarray) -> ndarray:
    """The spectrogram (T, WINDOW // 2): log10 power of each frequency but 0, less 1.

    Frame t holds the samples from t HOP to t HOP + WINDOW, under a Hann window. Raises ValueError
    if there are fewer samples than fill one frame.
    """
    samples = checks.array("samples", samples, "iuf").astype(float, copy=False)
    if samples.ndim != 1 or not np.isfinite(samples).all() or np.abs(samples).max(initial=0) > 1e99:
        raise ValueError(f"samples must be one row of finite numbers, got {samples.shape}")
    if len(samples) < WINDOW:
        raise ValueError(f"samples: a frame needs {WINDOW} samples, got {len(samples)}")
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]  # (T, WINDOW)
    spectrum = np.fft.rfft(windows * np.hanning(WINDOW), axis=1)[:, 1:]
    return np.log10(1e-2 + np.abs(spectrum) ** 2) - 1


def encode(text: str) -> ndarray:
    """Numbers of the letters, from 1: 0 is kept for the blank. ValueError for another letter."""
    checks.text(text=text)
    _check_letters(text)
    return np.array([LETTERS.index(letter) + 1 for letter in text], np.int64)


def decode(labels: Iterable[int]) -> str:
    """The text of numbers from `encode`. ValueError for any other number, such as the blank's."""
    labels = checks.items("labels", labels)
    if not all(checks.is_whole(label, 1, len(LETTERS)) for label in labels):
        raise ValueError(f"labels must be whole numbers from 1 to {len(LETTERS)}, got {labels}")
    return "".join(LETTERS[int(label) - 1] for label in labels)


def _check_letters(text: str) -> None:
    if not set(text) <= set(LETTERS):
        raise ValueError(f"text must be letters of {LETTERS!r}, got {text!r}")


def batch(texts: list[str], rng: np.random.Generator, noise: float = 0.5) -> Spoken:
    """Say N texts, one beside the other."""
    texts = checks.items("texts", texts)
    if not texts:
        raise ValueError("texts must be at least one, got none")
    said = [sound(text, rng, noise) for text in texts]
    spectra = [frames(samples) for samples, _ in said]
    T, N = max(map(len, spectra)), len(texts)
    x = np.zeros((T, N, WINDOW // 2), np.float32)
    labels = np.zeros((N, max(map(len, texts))), np.int64)
    truth = np.zeros((T, N), np.int64)
    spans = np.zeros((*labels.shape, 2))
    for n, (text, spectrum, (_, edges)) in enumerate(zip(texts, spectra, said, strict=True)):
        x[: len(spectrum), n], labels[n, : len(text)] = spectrum, encode(text)
        spans[n, : len(text)] = (edges - WINDOW / 2) / HOP  # a frame stands at its middle
        t = np.arange(len(spectrum))
        for label, (start, stop) in zip(encode(text), spans[n], strict=False):
            truth[: len(spectrum), n][(start <= t) & (t < stop)] = label
    lengths, sizes = ([*map(len, each)] for each in (spectra, texts))
    return Spoken(x, np.array(lengths), labels, np.array(sizes), spans, truth)
