import pytest
import torch

from unrolled.char_lstm import intervene
from unrolled.datasets.text import Vocabulary
from unrolled.decoding.sampling import sample_symbol
from unrolled.models.language_model import LanguageModel


@pytest.fixture
def model():
    torch.manual_seed(1)
    return LanguageModel(Vocabulary("abcde"), H=7, D=3).double()


def ids(T, N):
    return torch.randint(5, (T, N), generator=torch.Generator().manual_seed(2))


def zeros(N):
    return torch.zeros(N, 7, dtype=torch.float64), torch.zeros(N, 7, dtype=torch.float64)


def test_run_is_the_model(model):
    """Logits and last state against torch's own layer, from a state that is not zero."""
    x = ids(6, 4)
    u, (h, c) = model(x)
    ours_c, ours_u, state = intervene.run(model, x, zeros(4))
    torch.testing.assert_close(ours_u, u)
    torch.testing.assert_close(state, (h[0], c[0]))
    torch.testing.assert_close(ours_c[-1], c[0])
    _, again_u, _ = intervene.run(model, x, state)
    torch.testing.assert_close(again_u, model(x, (h, c))[0])


def test_every_step_has_its_own_cells(model):
    x = ids(6, 4)
    c = intervene.run(model, x, zeros(4))[0]
    for t in range(6):
        torch.testing.assert_close(c[t], model(x[: t + 1])[1][1][0])


def test_a_change_acts_from_its_step_on(model):
    """Before it nothing changes; the state after it is what the model makes of the new cells."""
    x, seen = ids(5, 2), []

    def change(t, c):
        seen.append(t)
        return c + 1 if t == 2 else c

    c, u, _ = intervene.run(model, x, zeros(2), change)
    plain_c, plain_u, _ = intervene.run(model, x, zeros(2))
    assert seen == [0, 1, 2, 3, 4]
    torch.testing.assert_close(u[:2], plain_u[:2])
    torch.testing.assert_close(c[2], plain_c[2] + 1)
    assert (u[2:] - plain_u[2:]).abs().amax((1, 2)).min() > 1e-3  # at once, and later


def test_single_precision_and_zero_start(model):
    x = ids(3, 2)
    c, u, _ = intervene.run(model.float(), x)
    assert c.dtype == u.dtype == torch.float32
    torch.testing.assert_close(u, model(x)[0])


def test_other_layers_have_no_cells():
    with pytest.raises(ValueError, match="only an LSTM has cells, got GRU"):
        intervene.run(LanguageModel(Vocabulary("ab"), H=3, D=2, cell="GRU"), ids(1, 1) % 2)


def test_what_are_no_ids_is_named(model):
    x = ids(6, 4)
    for wrong, said in [
        (x[:, 0], r"x must be ids \(T, N\), got \(6,\)"),
        (x - 1, "ids must be from 0 to 4, got -1 to 3"),
        (x + 1, "ids must be from 0 to 4, got 1 to 5"),
        (x.double(), "ids must be whole numbers"),
    ]:
        with pytest.raises(ValueError, match=said):
            intervene.run(model, wrong)


def test_it_writes_what_it_has_been_changed_to(model):
    """Unchanged it samples from the model's own distribution; a change acts from the first symbol
    that is written on, and not on the prompt."""
    rng = torch.Generator()
    texts = intervene.write(model, "abc", 5, rng.manual_seed(0), N=3)
    rng.manual_seed(0)
    x = torch.tensor([[0, 1, 2]]).T.expand(-1, 3)
    for _ in range(5):
        u, _ = model(x)
        x = torch.cat([x, sample_symbol(u[-1], rng)[None]])
    assert texts == [model.vocabulary.decode(column) for column in x[3:].T.numpy()]

    steps = []

    def change(t, c):
        steps.append(t)
        return c + 10 * (torch.arange(7) == 3)

    changed = intervene.write(model, "abc", 5, rng.manual_seed(0), N=3, change=change)
    assert steps == [0, 1, 2, 3, 4]
    assert [text[0] for text in changed] == [text[0] for text in texts]
    pushed = intervene.run(model, x[:4], change=lambda t, c: change(t, c) if t == 3 else c)[1][-1]
    alone, one = torch.Generator().manual_seed(0), x[:4, :1]
    first, second = sample_symbol(model(one[:3])[0][-1], alone), sample_symbol(pushed[:1], alone)
    text = intervene.write(model, "abc", 2, rng.manual_seed(0), change=change)[0]
    assert text == model.vocabulary.decode(torch.cat([first, second]).numpy())


def test_a_prompt_is_needed(model):
    with pytest.raises(ValueError, match="prompt"):
        intervene.write(model, "", 5, torch.Generator())
