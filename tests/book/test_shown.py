"""What pages take from the package and a reader should have seen is shown on one of them."""

import ast
import importlib
import inspect
import re
from collections import defaultdict
from types import ModuleType

import pytest

import pages

TAUGHT = tuple(f"unrolled.{group}." for group in ("layers", "models", "decoding", "datasets"))
NOTEBOOKS = pages.notebooks()
TEXTS = "reads or parts a text; the page says which"
DATA = "puts together what the page shows"
RULE = "its rule stands in the text, and the page has no weight to spare"
# what no page shows, and why not
ELSEWHERE = {
    "datasets.corpus.documentation": TEXTS,
    "datasets.corpus.source_code": TEXTS,
    "datasets.corpus.hold_out_end": TEXTS,
    "datasets.offers.offers": RULE,
    "datasets.shell_game.shell_game": RULE,
    "datasets.shell_game.swaps": RULE,
    "datasets.number_words.hold_out_random": TEXTS,
    "datasets.number_words.tokens": TEXTS,
    "datasets.number_words.written": "one call of num2words",
    "datasets.grid_world.after": "one step, as the page prints it",
    "datasets.grid_world.walks": DATA,
    "datasets.reviews.random_reviews": DATA,
    "datasets.reviews.padded_ids": DATA,
    "datasets.shape_world.Thing": "its fields stand in the page's first example",
    "datasets.shape_world.batch": DATA,
    "datasets.shape_world.batches": DATA,
    "datasets.shape_world.paint": "paints pixels; the page shows the pictures",
    "datasets.shape_world.parse": "the grammar, which the page prints",
    "datasets.shape_world.sentence_of": DATA,
    "datasets.shape_world.scenes": DATA,
    "datasets.spoken_letters.batch": DATA,
    "datasets.spoken_letters.decode": "numbers of letters",
    "datasets.spoken_letters.encode": "numbers of letters",
    "datasets.spoken_letters.strings": "random letters",
    "datasets.tasks.adding": RULE,
    "datasets.tasks.anbn": RULE,
    "datasets.tasks.embedded_reber": RULE,
    "datasets.tasks.recall": RULE,
    "datasets.word_languages.letters": "numbers of letters",
    "decoding.steps.pick_rows": "picks rows of a state, whatever that is made of",
    "layers.fast.lstm.LSTM": "the LSTM, laid out for speed",
    "layers.loss.cross_entropy": "leaves rows out; rows_cross_entropy, its heart, is shown",
    "layers.optimize.arrays": "walks through dataclasses, lists and dicts",
}


def names_of(tree):
    """Local name -> object of the package, of all that the page imports."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unrolled"):
            home = importlib.import_module(node.module)
            for name in node.names:
                if not hasattr(home, name.name):
                    importlib.import_module(f"{node.module}.{name.name}")
                found[name.asname or name.name] = getattr(home, name.name)
    return found


def meant(node, names):
    """The object that `a` or `a.b` stands for, or None."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(meant(node.value, names), node.attr, None)
    return None


def place(thing):
    """Module and name, of a method those of its class; None for what is no code of the package."""
    thing = inspect.unwrap(thing) if callable(thing) else thing
    module, name = (getattr(thing, key, None) for key in ("__module__", "__qualname__"))
    if isinstance(module, str) and module.startswith("unrolled.") and isinstance(name, str):
        return f"{module.removeprefix('unrolled.')}.{name}"
    return None


def used_and_shown(notebook):
    """Places of what a page takes from the package, and of what it shows."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    code = "\n".join(re.sub(r"^(\s*)[%!].*$", r"\1pass", cell, flags=re.MULTILINE) for cell in code)
    tree = ast.parse(code)
    names = names_of(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    arguments = [a for call in calls if ast.unparse(call.func) == "show" for a in call.args]
    shown = [meant(thing, names) for thing in arguments]
    unknown = [ast.unparse(a) for a, thing in zip(arguments, shown, strict=True) if thing is None]
    assert not unknown, f"a page shows what the package does not have: {unknown}"
    used = [thing for thing in names.values() if not isinstance(thing, ModuleType)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(meant(node.value, names), ModuleType):
            used.append(meant(node, names))
    return {place(thing) for thing in used} - {None}, {place(thing) for thing in shown} - {None}


PAGES = {page: used_and_shown(notebook) for page, notebook in NOTEBOOKS.items()}
SHOWN = defaultdict(set)
for page, (_, shown) in PAGES.items():
    for name in shown:
        SHOWN[name].add(page)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_a_page_uses_a_page_shows(page):
    used, _ = PAGES[page]
    taught = {name for name in used if f"unrolled.{name}".startswith(TAUGHT)}
    # a method that is shown shows its class, and a class its methods
    seen = set(SHOWN) | {name.rpartition(".")[0] for name in SHOWN}
    missing = {name for name in taught if name not in seen and name not in ELSEWHERE}
    assert missing == set(), "show them where they are taught, or say in ELSEWHERE why not"


def test_nothing_is_shown_twice():
    assert {name: places for name, places in SHOWN.items() if len(places) > 1} == {}


def test_what_is_private_is_not_shown():
    private = {name for name in SHOWN if re.search(r"\._[^_]", name)}
    assert private == set()


def test_the_list_of_what_is_not_shown_is_in_use():
    used = set().union(*[used for used, _ in PAGES.values()])
    assert set(ELSEWHERE) <= used - set(SHOWN)
