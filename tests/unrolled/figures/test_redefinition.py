"""What a test changes in the package is brought back after it."""

import dataclasses
import inspect
import sys
import traceback

import numpy as np
import pytest
import torch

from unrolled.datasets import text, word_languages
from unrolled.datasets.text import Vocabulary, streams
from unrolled.figures import redefinition
from unrolled.figures.redefinition import place_of, redefine, restore, source_at
from unrolled.figures.source import source
from unrolled.layers import RNN, loss, softmax
from unrolled.layers import softmax as under_another_name
from unrolled.layers.conv import Conv
from unrolled.models import Reminded, perplexity
from unrolled.models.training import train

HALF = "def softmax(u):\n    return 0.5 + 0 * u\n"


@pytest.fixture(autouse=True)
def everything_back():
    yield
    for place in list(redefinition._originals):
        restore(redefinition._resolve(*redefinition._parts(place)), {})


def forward(old, new):
    """RNN.forward's source with a change."""
    code = source_at(place_of(RNN.forward))
    assert old in code
    return code.replace(old, new)


def test_a_place_is_found_again():
    for thing in (RNN.forward, RNN.init, RNN, softmax, perplexity, word_languages.words):
        place = place_of(thing)
        name = thing.__qualname__
        assert place == f"{thing.__module__}:{name}"
        assert f" {name.split('.')[-1]}" in source_at(place)
    assert source_at(place_of(RNN.init)).startswith("@classmethod\ndef init(")  # at the margin


def test_what_is_inherited_is_changed_where_it_is_written():
    assert place_of(Reminded.step) == "unrolled.models.seq2seq:EncoderDecoder.step"


@pytest.mark.parametrize("thing", [len, np.tanh, RNN.__init__, 3, None, lambda: 0, "RNN", text])
def test_only_the_package_can_be_changed(thing):
    with pytest.raises(ValueError, match="function, method or class of unrolled, got "):
        place_of(thing)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("numpy:tanh", "expected a place such as .* got 'numpy:tanh'"),
        ("unrolled.layers.loss", "expected a place"),
        ("unrolled.layers.loss:softmin", "there is no softmin in unrolled.layers.loss"),
        ("unrolled.layers.rnn:RNN.forwards", "there is no RNN.forwards"),
    ],
)
def test_a_place_must_be_one(place, message):
    with pytest.raises(ValueError, match=message):
        redefine(place, "def tanh(): pass", {})


def test_a_function_is_changed_for_all_who_have_it():
    kept = {"in a list": [softmax]}  # a registry, a default, a partial: not found by name
    redefine("unrolled.layers.loss:softmax", HALF, {})
    u = np.zeros((1, 4))
    for f in (softmax, loss.softmax, under_another_name, kept["in a list"][0]):
        assert (f(u) == 0.5).all()
    restore(softmax, {})
    for f in (softmax, loss.softmax, under_another_name, kept["in a list"][0]):
        assert (f(u) == 0.25).all()
    assert loss.softmax is softmax and inspect.signature(softmax).return_annotation


def test_defaults_change_too():
    code = source_at(place_of(train)).replace("every: int = 100", "every: int = 7")
    redefine(place_of(train), code, {})
    assert inspect.signature(train).parameters["every"].default == 7
    restore(train, {})
    assert inspect.signature(train).parameters["every"].default == 100
    code = source_at(place_of(streams)).replace("N: int", "N: int = 3")
    redefine(place_of(streams), code, {})
    assert streams(np.arange(6)).shape == (2, 3)
    restore(streams, {})
    with pytest.raises(TypeError, match="missing 1 required"):
        streams(np.arange(6))


def test_a_method_is_changed_in_its_class():
    rng = np.random.default_rng(0)
    layer, x, h_0 = RNN.init(3, 2, rng), rng.normal(size=(4, 1, 3)), np.zeros((1, 2))
    before = layer.forward(x, h_0)[0]
    redefine(place_of(RNN.forward), forward("np.tanh", "np.sin"), {})
    after = layer.forward(x, h_0)[0]  # of a layer that was there before
    assert not np.allclose(before, after)
    assert place_of(RNN.forward) == "unrolled.layers.rnn:RNN.forward"  # and can be changed again
    restore(RNN.forward, {})
    assert np.array_equal(layer.forward(x, h_0)[0], before)


def test_classmethods_stay_classmethods():
    code = source_at(place_of(RNN.init)).replace("return cls(", "print(cls.__name__); return cls(")
    own = vars(RNN)["init"]
    redefine(place_of(RNN.init), code, {})
    assert isinstance(vars(RNN)["init"], classmethod)
    assert isinstance(RNN.init(2, 3, np.random.default_rng(0)), RNN)
    restore(RNN.init, {})
    assert vars(RNN)["init"] is own


def test_super_finds_the_true_class():
    code = source_at(place_of(Reminded.__init__)).replace("D + H, H", "D + H, H, 2")
    redefine(place_of(Reminded.__init__), code, {})
    model = Reminded(5, 5, H=3, D=2)
    assert model.decoder.num_layers == 2 and isinstance(model, torch.nn.Module)
    restore(Reminded.__init__, {})
    assert Reminded(5, 5, H=3, D=2).decoder.num_layers == 1


def test_a_decorated_function_keeps_its_decorator_or_loses_it_with_its_line():
    own = word_languages.words
    redefine(place_of(own), "@cache\ndef words(code):\n    return frozenset({code})", {})
    assert word_languages.words("de") == {"de"} and word_languages.words.cache_info().misses == 1
    assert word_languages.labelled(("de", "fr"), shortest=2)[0] == ["de", "fr"]  # a user of it
    redefine(place_of(word_languages.words), "def words(code):\n    return frozenset({'x'})", {})
    assert not hasattr(word_languages.words, "cache_info")
    restore(word_languages.words, {})
    assert word_languages.words is own


def test_a_class_is_changed_under_every_name():
    old, notebook = Vocabulary, {"V": Vocabulary, "one": Vocabulary("ab")}
    code = source_at(place_of(Vocabulary)).replace('"text", text))))', '"text", text))))[::-1]')
    redefine(place_of(Vocabulary), code, notebook)
    new = notebook["V"]
    assert new is not old and new.of("ab").symbols == ("b", "a")
    users = [sys.modules[f"unrolled.{name}"] for name in ("datasets", "models.language_model")]
    assert all(user.Vocabulary is new for user in users)
    assert type(notebook["one"]) is old  # what was made before keeps its class
    restore(new, notebook)
    assert notebook["V"] is old and all(user.Vocabulary is old for user in users)


def test_dataclasses_can_be_changed():
    place = place_of(RNN)
    redefine(place, source_at(place) + "\n    name: str = 'Elman'\n", notebook := {"RNN": RNN})
    new = notebook["RNN"]
    assert dataclasses.fields(new)[-1].name == "name" and new.__module__ == RNN.__module__
    assert new.init(2, 3, np.random.default_rng(0)).name == "Elman"


def test_a_new_class_has_the_packages_own_methods():
    redefine(place_of(RNN.forward), forward("np.tanh", "np.sin"), {})
    code = source_at(place_of(RNN))
    assert "np.sin" not in code
    redefine("unrolled.layers.rnn:RNN", code, notebook := {"RNN": RNN})
    restore(notebook["RNN"], notebook)
    assert "np.tanh" in inspect.getsource(RNN.forward)


def test_names_of_the_module_come_first_then_the_cells_then_the_notebooks():
    code = "import math\n\ndef scaled(u):\n    return math.pi * u\n\n"
    code += "def softmax(u):\n    return np.abs(scaled(u)) * more\n"
    notebook = {"np": None, "scaled": None, "more": 2.0, "u": None}
    redefine(place_of(softmax), code, notebook)
    assert softmax(-1.0) == 2 * np.pi
    notebook["more"] = 3.0
    redefine(place_of(softmax), code.replace("math.pi", "math.e"), notebook)
    assert softmax(-1.0) == 3 * np.e
    assert notebook["scaled"] is None and not hasattr(loss, "u")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("def softmax(u): return (", SyntaxError),
        ("def softmin(u): return u", ValueError),
        ("def softmax(u): return u\n1 / 0", ZeroDivisionError),
        ("def softmax(u): return u\ndef cross_entropy(u, y): pass", ValueError),
        ("def softmax(u): return u\nnp = None", ValueError),
        ("def softmax(u: Nobody): return u", NameError),
    ],
)
def test_a_cell_that_fails_changes_nothing(code, error):
    before, own = dict(vars(loss)), softmax(np.arange(3.0))
    with pytest.raises(error):
        redefine(place_of(softmax), code, {})
    assert {key: vars(loss)[key] for key in before} == before
    assert np.array_equal(softmax(np.arange(3.0)), own)
    assert "changed here" not in source(softmax).lines


def test_a_traceback_shows_the_changed_line():
    redefine(place_of(Conv.forward), "def forward(self):\n    raise KeyError  # here\n", {})
    with pytest.raises(KeyError) as caught:
        Conv.forward(None)
    assert "raise KeyError  # here" in "".join(traceback.format_tb(caught.tb))


def test_what_is_changed_is_shown_as_changed():
    own = source(softmax)
    documented = HALF.replace(":\n", ':\n    """Half of everything."""\n')
    redefine(place_of(softmax), documented, {})
    assert source(softmax).code == documented.strip()
    assert source(softmax, docstring=False).code == HALF.strip()
    assert source(softmax).lines == f"{own.lines}, changed here"
    assert source(softmax).address == own.address
    restore(softmax, {})
    assert source(softmax).code == own.code and source(softmax).lines == own.lines


def test_restoring_what_was_never_changed_does_nothing():
    own = vars(RNN)["forward"]
    restore(RNN.forward, {})
    assert vars(RNN)["forward"] is own
    with pytest.raises(ValueError, match="got <built-in function len>"):
        restore(len, {})
