"""The library sentencepiece, held to whole bytes, so that its pieces are those of `bpe`.

The library works on letters, and has rules of its own for spaces, digits and scripts. Here each
byte is written as one letter of a made-up alphabet, which none of those rules touches.
"""

import io
from collections.abc import Mapping
from typing import Any

from unrolled import checks
from unrolled.practice.bpe import BYTES, check_counts

FIRST = 256  # byte b is written as the letter chr(FIRST + b): Ā to ǿ, all of them letters
KINDS = ("bpe", "unigram")


def letters(word: bytes) -> str:
    """Bytes -> as many letters of the made-up alphabet."""
    checks.kind("bytes", bytes, word=word)
    return "".join(chr(FIRST + b) for b in word)


def unlettered(text: str) -> bytes:
    """Letters of the made-up alphabet -> bytes."""
    checks.text(text=text)
    if any(not FIRST <= ord(c) < FIRST + 256 for c in text):
        raise ValueError(f"text must be letters that stand for bytes, got {checks.came(text)}")
    return bytes(ord(c) - FIRST for c in text)


def train(counts: Mapping[str, int], V: int, kind: str = "bpe") -> Any:
    """Words with how often each occurs -> a `SentencePieceProcessor` with V pieces and <unk>.

    `kind` is "bpe" or "unigram". The V pieces are 256 bytes and V - 256 others. Bytes that never
    occur are not known to the library. What it cuts must be `letters`. From a small text there
    may be fewer pieces.
    """
    import sentencepiece  # only here: the package works without it

    check_counts(counts)
    checks.whole(257, V=V)
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    occurring = len(set().union(*(word.encode() for word in counts)))
    if not occurring:
        raise ValueError("counts must hold at least one word that is not empty, got none")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(f"{letters(w.encode())}\t{n}" for w, n in counts.items()),
        input_format="tsv",
        model_writer=model,
        model_type=kind,
        vocab_size=V - 256 + occurring + 1,  # one is <unk>
        hard_vocab_limit=False,  # a small text has fewer
        bos_id=-1,
        eos_id=-1,
        character_coverage=1.0,
        max_sentencepiece_length=512 if kind == "bpe" else 16,  # as in `unigram`
        num_threads=1,
        minloglevel=2,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def pieces(processor: Any) -> dict[bytes, float]:
    """The pieces of a processor, with their scores: BPE's minus the rank, unigram's log p."""
    if not hasattr(processor, "id_to_piece"):
        raise ValueError(f"processor must be one that train made, got {checks.came(processor)}")
    return {
        unlettered(processor.id_to_piece(i)): processor.get_score(i)
        for i in range(1, processor.get_piece_size())
    }


def learn(counts: Mapping[str, int], V: int) -> list[bytes]:
    """As `bpe.learn`, by the library: the 256 bytes first, then the pieces in their order."""
    learnt = [piece for piece in pieces(train(counts, V)) if len(piece) > 1]
    return BYTES + learnt[: V - len(BYTES)]
