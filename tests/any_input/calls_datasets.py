"""Valid calls of `unrolled.datasets`."""

import tempfile
from pathlib import Path

import numpy as np
from registry import valid

from unrolled.datasets import grid_world, shape_world
from unrolled.datasets.number_pieces import NumberPieces
from unrolled.datasets.number_words import NumberWords
from unrolled.datasets.shape_world import Thing
from unrolled.datasets.text import Vocabulary


def rng():
    return np.random.default_rng(0)


TEXT = "the cat sat on the mat"
IDS = np.array([1, 2, 0, 3, 1, 2, 2, 0, 3, 1])
FILE = Path(tempfile.mkdtemp()) / "text.txt"
FILE.write_text(TEXT)


@valid("datasets.corpus.source_code")
def _():
    return {"limit": 100}


@valid("datasets.corpus.documentation", "datasets.corpus.modules")
def _():
    return {}


@valid("datasets.corpus.read_file")
def _():
    return {"path": str(FILE)}


@valid("datasets.corpus.hold_out_end")
def _():
    return {"text": TEXT, "held_out": 0.2}


WORLD = grid_world.random_world(rng())
PLACE = np.array([1, 2])


@valid("datasets.grid_world.random_world")
def _():
    return {"rng": rng()}


@valid("datasets.grid_world.ahead")
def _():
    return {"fields": WORLD.copy(), "place": PLACE.copy(), "move": "up"}


def legs(n):
    return grid_world.directions(WORLD, PLACE, n, rng())


@valid("datasets.grid_world.walk_leg")
def _():
    return {"fields": WORLD.copy(), "place": PLACE.copy(), "leg": legs(1)}


@valid("datasets.grid_world.expert", also=("leg",))
def _():
    return {"fields": WORLD.copy(), "place": PLACE.copy(), "text": legs(2)}


@valid("datasets.grid_world.directions")
def _():
    return {"fields": WORLD.copy(), "place": PLACE.copy(), "legs": 2, "rng": rng()}


@valid("datasets.grid_world.view")
def _():
    return {"fields": np.stack([WORLD] * 3), "places": np.array([[1, 2], [0, 0], [6, 6]])}


@valid("datasets.grid_world.after")
def _():
    return {"places": np.array([[1, 2], [0, 0], [6, 6]]), "moves": np.array([3, 4, 2])}


@valid("datasets.grid_world.walks")
def _():
    return {"N": 2, "legs": 1, "rng": rng()}


@valid("datasets.number_words.written")
def _():
    return {"number": 97, "language": "fr"}


@valid("datasets.number_words.tokens")
def _():
    return {"text": "ninety-seven", "unit": "words"}


@valid("datasets.number_words.hold_out_random")
def _():
    return {"numbers": range(10), "held_out": 3, "rng": rng()}


@valid("datasets.number_words.NumberWords", also=("number", "language", "unit"))
def _():
    some = {"numbers": [1, 20, 3], "languages": ("en", "fr")}
    return some | {"units": ("words", "characters"), "backwards": True}


@valid("datasets.number_words.NumberWords.tokens")
def _():
    return {"self": NumberWords([1, 20, 3]), "number": 20, "side": 1}


@valid("datasets.number_words.NumberWords.batch", also=("number", "vocabulary"))
def _():
    return {"self": NumberWords([1, 20, 3]), "numbers": [20, 3]}


@valid("datasets.number_words.NumberWords.batches", also=("number", "vocabulary"))
def _():
    numbers = np.array([1, 20, 3])
    return {"self": NumberWords(numbers), "numbers": numbers, "N": 2, "rng": rng()}


@valid("datasets.number_words.NumberWords.texts")
def _():
    return {"self": NumberWords([1, 20, 3]), "ids": np.array([[1, 3], [3, 2], [2, 0]])}


@valid("datasets.number_pieces.words")
@valid("datasets.number_pieces.pieces")
@valid("datasets.number_pieces.partners")
@valid("datasets.number_pieces.alignment")
@valid("datasets.number_pieces.letter_alignment")
def _():
    return {"number": 4081}


@valid("datasets.number_pieces.NumberPieces", also=("number",))
def _():
    return {"numbers": [1, 20, 3]}


@valid("datasets.number_pieces.NumberPieces.tokens")
def _():
    return {"self": NumberPieces([1, 20, 3]), "number": 20, "side": 1}


@valid("datasets.reviews.random_reviews")
def _():
    return {"N": 2, "rng": rng(), "clauses": (1, 2)}


REVIEW = "well the plot was good but the cast was not very funny overall"


@valid("datasets.reviews.verdict", "datasets.reviews.exchanged")
def _():
    return {"review": REVIEW}


@valid("datasets.reviews.padded_ids", also=("vocabulary",))
def _():
    return {"reviews": [REVIEW, "the plot was bad"], "T": 20, "front": True}


@valid("datasets.reviews.bags")
def _():
    return {"ids": np.array([[1, 2, 0], [3, 3, 1]])}


@valid("datasets.sensors.recordings")
def _():
    return {"T": 5, "N": 2, "rng": rng(), "noise": 0.1}


@valid("datasets.sensors.vertical")
def _():
    return {"tilt": np.array([10.0, 20]), "turn": np.array([0.0, 90])}


ONE, OTHER = Thing("red", "square", 5, 5), Thing("blue", "circle", 14, 5)


@valid("datasets.shape_world.holds")
def _():
    return {"relation": "above", "first": ONE, "second": OTHER}


@valid("datasets.shape_world.part_of", "datasets.shape_world.sentences", also=("thing",))
def _():
    return {"scene": (ONE, OTHER)}


@valid("datasets.shape_world.scenes")
def _():
    return {"N": 2, "part": "train", "rng": rng(), "single": 0.5}


@valid("datasets.shape_world.paint", also=("thing",))
def _():
    return {"scene": (ONE, OTHER), "rng": rng()}


@valid("datasets.shape_world.mask")
def _():
    return {"thing": ONE}


@valid("datasets.shape_world.parse")
def _():
    return {"sentence": "a red square above a blue circle"}


@valid("datasets.shape_world.errors", also=("thing",))
def _():
    return {"sentence": "a red square above a blue circle", "scene": (ONE, OTHER)}


@valid("datasets.shape_world.batch", also=("scene", "thing"))
def _():
    return {"scenes": [(ONE, OTHER), (OTHER,)], "rng": rng()}


@valid("datasets.shape_world.batches")
def _():
    return {"data": shape_world.batch([(ONE,), (OTHER,)], rng()), "N": 1, "rng": rng()}


@valid("datasets.shape_world.sentence_of")
def _():
    return {"ids": [3, 4, 8, 2]}


@valid("datasets.spoken_letters.strings")
def _():
    return {"count": 3, "rng": rng(), "shortest": 2, "longest": 4}


@valid("datasets.spoken_letters.sound")
def _():
    return {"text": "seal", "rng": rng(), "noise": 0.1}


@valid("datasets.spoken_letters.voice")
def _():
    return {"letter": "s", "length": 50, "rng": rng()}


@valid("datasets.spoken_letters.frames")
def _():
    return {"samples": rng().normal(size=300)}


@valid("datasets.spoken_letters.encode")
def _():
    return {"text": "seal"}


@valid("datasets.spoken_letters.decode")
def _():
    return {"labels": [1, 2, 10]}


@valid("datasets.spoken_letters.batch", also=("text",))
def _():
    return {"texts": ["sea", "lot"], "rng": rng(), "noise": 0.1}


@valid("datasets.tasks.parity", "datasets.tasks.adding", "datasets.tasks.embedded_reber")
def _():
    return {"T": 5, "N": 2, "rng": rng()}


@valid("datasets.tasks.addition")
def _():
    return {"T": 5, "N": 2, "rng": rng(), "least_first": False}


@valid("datasets.tasks.gap", "datasets.tasks.marked", "datasets.tasks.registers")
def _():
    return {"T": 5, "N": 2, "rng": rng(), "K": 3}


@valid("datasets.tasks.recall")
def _():
    return {"T": 5, "N": 2, "rng": rng(), "K": 3, "often": 0.5}


@valid("datasets.tasks.anbn")
def _():
    return {"T": 5, "N": 2, "rng": rng(), "n": np.array([1, 2])}


@valid("datasets.text.Vocabulary", also=("symbol",))
def _():
    return {"symbols": ["a", "b", "the"]}


@valid("datasets.text.Vocabulary.of", also=("symbol",))
def _():
    return {"text": TEXT}


@valid("datasets.text.Vocabulary.encode", also=("vocabulary",))
def _():
    return {"self": Vocabulary.of(TEXT), "text": "the hat"}


@valid("datasets.text.Vocabulary.decode")
def _():
    return {"self": Vocabulary.of(TEXT), "ids": np.array([1, 2, 0]), "separator": " "}


@valid("datasets.text.one_hot")
def _():
    return {"ids": IDS.copy(), "V": 4, "dtype": np.float32}


@valid("datasets.text.streams")
def _():
    return {"ids": IDS.copy(), "N": 2}


@valid("datasets.text.segments")
def _():
    return {"columns": IDS.reshape(2, 5).T.copy(), "T": 2}


@valid("datasets.text.windows")
def _():
    return {"ids": IDS.copy(), "T": 3, "N": 2, "rng": rng()}


@valid("datasets.text.pad")
def _():
    return {"sequences": [[1, 2, 3], np.array([2])]}


@valid("datasets.word_languages.words", also=("code",))
def _():
    return {"code": "de"}


@valid("datasets.word_languages.labelled", also=("code",))
def _():
    return {"codes": ("de", "nl"), "shortest": 12}


@valid("datasets.word_languages.letters")
def _():
    return {"some": ["house", "haus"]}


@valid("datasets.word_languages.padded_ids")
def _():
    return {"some": ["abc", "a"], "vocabulary": Vocabulary("<abc"), "shortest": 4}


@valid("datasets.agreement.sentence")
def _():
    return {"clauses": 2, "rng": rng(), "plural": True}


@valid("datasets.agreement.sentences")
def _():
    return {"clauses": [0, 1], "N": 3, "rng": rng()}


@valid("datasets.scattered_letters.tapes")
def _():
    return {"T": 6, "N": 2, "rng": rng(), "K": 3, "V": 4, "scattered": True}


@valid("datasets.scattered_letters.copying")
def _():
    return {"T": 6, "N": 2, "rng": rng(), "K": 3, "V": 4}


@valid("datasets.scattered_letters.induction")
def _():
    return {"T": 6, "N": 2, "rng": rng(), "V": 4}


@valid("datasets.shell_game.swaps")
def _():
    return {"cups": 4}


@valid("datasets.shell_game.shell_game")
def _():
    return {"T": 6, "N": 2, "rng": rng(), "cups": 4}


@valid("datasets.offers.offers")
def _():
    return {"T": 6, "N": 2, "rng": rng(), "V": 4}
