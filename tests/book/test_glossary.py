"""The glossary and the index of terms: one sentence each, and every term is treated somewhere."""

import re
from pathlib import Path

import pytest
from collect_terms import Place, Term, pattern, places, terms
from glossary_links import entries

ROOT = Path(__file__).parents[2]
TERMS = terms(ROOT)
PLACES = places(ROOT, TERMS)
NAMES = [name for term in TERMS for name in term.names]


def test_the_names_are_in_order_and_none_is_there_twice():
    assert len({name.lower() for name in NAMES}) == len(NAMES)
    first = [term.names[0].lower() for term in TERMS]
    assert first == sorted(first)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.anchor)
def test_a_term_has_one_sentence_and_a_place(term):
    assert re.fullmatch(r"[A-Z].*[^.]\.", term.definition)
    assert not re.search(r"[.!?] [A-Z]", term.definition), "more than one sentence"
    assert PLACES[term], "no page uses this term: treat it, or take it out of the glossary"


def test_what_readers_look_for_is_there():
    listed = {line.split(",")[0].strip("*").lower() for _, line in entries(PLACES)}
    names = {re.sub(r"\{term\}`([^`]+)`.*", r"\1", line).strip("*") for line in listed}
    assert {"clipping", "gradient clipping", "packed sequence", "length penalty"} <= names


def test_a_name_is_found_as_a_word_in_the_plural_and_with_a_capital():
    found = pattern(("hidden state",)).findall("Hidden states, a hidden\nstate, unhidden state")
    assert found == ["Hidden states", "hidden\nstate"]
    assert pattern(("LSTM",)).findall("an LSTM, LSTMs, lstm, LSTMCell") == ["LSTM", "LSTMs"]


def test_a_term_is_treated_where_a_heading_or_bold_print_has_it(tmp_path):
    page = """---
head
---
# A page

A gate opens.

## What a gate does

```python
# a **norm** in code
```

## Lengths

The **norm** is a length, and the loss is another matter.

## Exercises

No **gate** of an exercise.
"""
    (tmp_path / "a.md").write_text(page)
    toc = "root: i.md\nparts:\n  - caption: P\n    chapters:\n      - file: a.md\n"
    (tmp_path / "_toc.yml").write_text(toc)
    gate, norm, loss = (Term((name,), "x") for name in ("gate", "norm", "loss"))
    found = places(tmp_path, [gate, norm, loss])
    assert found[gate] == [Place(Path("a.md"), "A page", "What a gate does")]
    assert found[norm] == [Place(Path("a.md"), "A page", "Lengths")] == found[loss]
    assert found[gate][0].target == "/a.md#what-a-gate-does"


def test_other_names_lead_to_the_first():
    gate = Term(("gate", "valve"), "x")
    lines = entries({gate: [Place(Path("a.md"), "★ A", ""), Place(Path("a.md"), "★ A", "B c")]})
    assert lines == [
        ("G", "**{term}`gate`** [A](/a.md) ([B c](/a.md#b-c))"),
        ("V", "valve, see {term}`gate`"),
    ]
