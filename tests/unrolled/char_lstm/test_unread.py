import numpy as np
import pytest
import torch

from unrolled.char_lstm import networks, unread
from unrolled.char_lstm.source_labels import source_labels


@pytest.fixture(scope="module")
def new():
    return unread.unread(200)


def test_it_is_what_the_networks_have_not_read(new):
    """Text, ids and labels belong together, module by module, and no module was read."""
    library, read = networks.library(read=False), networks.library(read=True)
    assert len(new.texts) > 20
    for n, text in enumerate(new.texts):
        whole = [other for other in library.values() if other.startswith(text)]
        assert whole and 3000 <= len(whole[0]) <= 20_000
        assert not any(other.startswith(text) for other in read.values())
        assert networks.VOCABULARY.decode(new.x[:, n].numpy()) == networks.plain(text)
        for name, label in source_labels(whole[0]).items():
            np.testing.assert_array_equal(new.labels[name][n], label[:200])


def test_places_are_every_fifth_of_every_second():
    values = np.arange(4 * 11).reshape(4, 11)
    first, second = unread.places(values)
    assert first.tolist() == [0, 5, 10, 22, 27, 32]
    assert second.tolist() == [11, 16, 21, 33, 38, 43]
    assert unread.places(torch.zeros(5, 11, 3))[0].shape == (9, 3)


def test_states_stand_where_the_labels_do(new):
    """The state at a place is that of the model after it has read the text up to there."""
    model = networks.untrained(0)
    halves = unread.states(model, new.x[:, :4])
    _, (_, c) = model(new.x[:11, 2:3])  # the third module, up to its third place
    np.testing.assert_allclose(halves[0][40 + 2], c[0, 0].detach().tanh().numpy(), atol=1e-6)
    assert [half.shape for half in halves] == [(80, networks.H)] * 2


def test_wrong_input():
    with pytest.raises(ValueError, match="values must be"):
        unread.places(np.zeros(3))
    with pytest.raises(ValueError, match="L must be"):
        unread.unread(3001)
