"""What sentences of book/sequence-to-sequence/teacher-forcing.md say."""

from pathlib import Path

import pytest

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/teacher-forcing.md"
IMPORTS, RECURSION = "from unrolled.figures import graph, plot, show", "def wrong_by_step("
CELLS = [IMPORTS, 'WAYS = {"the truth"', "curves = torch.stack("]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_tram(claim, seed):
    """All fifteen networks from three starts; the networks fed nothing take the cause away."""
    claim(
        "We trained all fifteen networks again from two more starts, and these findings held each"
        " time."
    )
    claim("With the truth the networks learn fastest.")
    claim("Fed their own answers, they take more than twice as long.")
    claim("They are no faster. So learning without the truth is slow even where there is no noise.")
    claim("In most rides all eight answers are wrong, and all by the same number of stops.")
    claim(
        "In most of the other rides it believed its state, and all eight are right. It hardly ever"
        " recovers later on."
    )
    claim("The networks fed their own answers hardly notice.")
    claim("It takes a little longer to learn than with the truth, and stays right in most rides.")
    claim("They do not mind at all.")
    changes = {"manual_seed(0)": f"manual_seed({seed})", "default_rng(0)": f"default_rng({seed})"}
    page = rerun(PAGE, CELLS, changes)
    learnt = page["learnt"][:12].double().view(4, 3)
    truth, itself, mixture, nothing = learnt.mean(dim=1).tolist()
    assert learnt.min() > 0  # each of them does learn it
    assert 2 * truth < itself
    assert truth < mixture < 1.6 * truth
    assert nothing >= itself
    right = (page["u"].argmax(dim=-1) == page["y"])[4:]  # (8, S, N)
    late, all_right = right.float().mean(dim=(0, 2)), right.all(dim=0).float().mean(dim=-1)
    by_slip = page["carried"]
    assert by_slip[:3].min() > 0.5
    assert (all_right > (1 - by_slip) / 2)[:3].all()
    assert (late - all_right)[:3].max() < 0.01  # partly right: hardly ever
    assert late[3:6].min() > 0.98
    assert late[6:9].min() > 0.8
    assert late[12:].min() > 0.99


def test_by_hand(claim):
    """The pocket calculator's numbers, and those of the square of the length."""
    claim("All ten of these probabilities add up to 4.1 wrong answers.")
    claim("The numbers soon stop growing, near 0.167, and all ten add up to 1.6 wrong answers.")
    claim("Together this makes 0.14.")
    claim("Then out of ten answers 0.1 are wrong without harm, and 0.53 without a way back.")
    claim(
        "Out of twenty answers it is 0.2, which is twice as much, and 1.97, which is nearly four"
        " times as much."
    )
    wrong = rerun(PAGE, [IMPORTS, RECURSION])["wrong_by_step"]
    assert wrong(0.1, 0.0, 10).sum() == pytest.approx(4.1, abs=0.05)
    assert wrong(0.1, 0.5, 10).sum() == pytest.approx(1.6, abs=0.05)
    assert wrong(0.1, 0.5, 10)[[1, 2, 9]] == pytest.approx([0.14, 0.156, 0.167], abs=5e-4)
    few = {r: [wrong(0.01, r, T).sum() for T in (10, 20)] for r in (0.99, 0.0)}
    assert few[0.99] == pytest.approx([0.1, 0.2])
    assert few[0.0] == pytest.approx([0.53, 1.97], abs=5e-3)


def test_a_poor_way_back(claim):
    """One in a hundred: 63 wrong of 100 at step 100, or below 2 of 100 for ever."""
    claim("answer 100 is wrong with probability $1-0.99^{100} = 0.63$.")
    claim("With a way back half of the time, $e_t$ stays below 0.02 for ever.")
    wrong = rerun(PAGE, [IMPORTS, RECURSION])["wrong_by_step"]
    assert wrong(0.01, 0.0, 100)[-1] == pytest.approx(0.63, abs=5e-3)
    e = wrong(0.01, 0.5, 10_000)
    assert (e < 0.02).all()
    assert (e[1:] >= e[:-1] - 1e-15).all()  # rises towards 0.01 / 0.51, and stays


def test_answers(claim):
    """The numbers in the answers to *Check yourself*."""
    claim("With $r=0$ it is $1-0.8^3 = 0.488$.")
    claim("With $r = 0.8 = 1-\\varepsilon$ a mistake has no consequences, and it is 0.2.")
    wrong = rerun(PAGE, [IMPORTS, RECURSION])["wrong_by_step"]
    assert wrong(0.2, 0.0, 3)[-1] == pytest.approx(0.488)
    assert wrong(0.2, 0.8, 3)[-1] == pytest.approx(0.2)
