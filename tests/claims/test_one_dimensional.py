"""What sentences of the chapter on one-dimensional convolutions say."""

from pathlib import Path

import pytest
import torch

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/convolution/one-dimensional.md"


@pytest.fixture(scope="module")
def core():
    """What the core's cells define; nothing is trained."""
    return rerun(PAGE, ["use_style()", "words, y = labelled()", "class Reader", "def shuffled"])


@pytest.mark.slow
def test_the_order_of_the_letters(claim, core):
    """Five starts of the page's trainings, each with its own shuffle, and the made-up words."""
    claim("It is right in about half of the cases.")
    claim(
        "With two neighbouring letters it is right in about seven words of ten, and the third tap"
        " adds a little."
    )
    claim(
        "The network with three taps has all its weights, but on shuffled words it does no better"
        " than the one with a single tap."
    )
    claim("So it is not the number of weights that helps.")
    claim("It is the order of the letters.")
    claim(
        "We trained five networks of each kind from different starts, and found the same each time."
    )
    claim("For the first six words our five networks with three taps agree.")
    claim("They say German, Czech, Polish, Welsh, Hungarian and Lithuanian.")
    claim("The last one was meant to look Italian, and none of the five says so.")
    ids, y, held_out = core["ids"], core["y"], core["held_out"]
    made_up = core["padded_ids"](
        [
            "schnurpelung",
            "grobnická",
            "plimszczyk",
            "brellwydd",
            "gombaszék",
            "trobžinė",
            "tavolezza",
        ],
        core["vocabulary"],
    )
    names = list(core["LANGUAGES"].values())
    for seed in range(5):
        without_order = core["shuffled"](ids, core["np"].random.default_rng(7 + seed))
        right = []
        for F, seen in ((1, ids), (2, ids), (3, ids), (3, without_order)):
            model = core["trained"](F, seen, seed)
            with torch.no_grad():
                said = model(seen[:, held_out]).argmax(dim=1)
                if F == 3 and seen is ids:
                    answers = model(torch.from_numpy(made_up)).argmax(dim=1).tolist()
            right.append((said == y[held_out]).float().mean().item())
        print(seed, right, [names[i] for i in answers])
        one, two, three, no_order = right
        assert 0.45 < one < 0.58 and 0.65 < two < 0.75
        assert two < three < two + 0.06
        assert abs(no_order - one) < 0.04
        *six, last = (names[i] for i in answers)
        assert six == ["German", "Czech", "Polish", "Welsh", "Hungarian", "Lithuanian"]
        assert last != "Italian"
