"""The file of trained networks is what `python -m unrolled.char_lstm` makes, and they can read."""

import json

import numpy as np
import pytest
import torch

from unrolled.char_lstm import networks
from unrolled.models.language_model import perplexity


@pytest.fixture(scope="module")
def kept():
    with np.load(networks.FILE) as file:
        return {name: file[name] for name in file}


@pytest.fixture(scope="module")
def new_ids():
    text = "".join(networks.library(read=False).values())
    return networks.VOCABULARY.encode(networks.plain(text[:20_000]))


def test_made_with_the_settings_that_the_module_states(kept):
    settings = json.loads(str(kept["settings"]))
    assert {name: settings[name] for name in networks.SETTINGS} == networks.SETTINGS
    assert {int(name.split("/")[0]) for name in kept if "/" in name} == set(networks.SEEDS)
    assert all(len(kept[f"{seed}/loss"]) == networks.STEPS for seed in networks.SEEDS)
    assert networks.FILE.stat().st_size < 2_000_000


def test_the_command_makes_what_the_file_keeps(kept):
    """Four updates of the first network again: the losses that the file recorded."""
    settings = json.loads(str(kept["settings"]))
    made = dict(networks.make(steps=4, seeds=(0,)))
    again = json.loads(str(made["settings"]))
    if again["sha256"] != settings["sha256"]:
        pytest.skip(f"made from Python {settings['python']}, whose library differs from this one's")
    # the rate is the same in these first steps, though it begins to fall at once when there are 4
    np.testing.assert_allclose(made["0/loss"][:3], kept["0/loss"][:3], rtol=2e-3)


def test_what_is_made_can_be_loaded(tmp_path, monkeypatch):
    """A file of one short training, on a short text: its last weights, in half precision."""
    monkeypatch.setattr(networks, "library", lambda read: {"a": "def f(x):\n    return x\n" * 400})
    monkeypatch.setattr(networks, "FILE", tmp_path / "trained.npz")
    np.savez_compressed(networks.FILE, **dict(networks.make(steps=2, seeds=(7,))))
    ids = networks.VOCABULARY.encode("def f(x):\n")
    with pytest.raises(ValueError, match="keeps no network of seed 7 after 3"):
        networks.load(7, 3)
    before, after = networks.untrained(7), networks.load(7, 2)
    assert perplexity(after, ids, N=1) < 0.8 * perplexity(before, ids, N=1)


def test_of_the_first_network_the_stages_are_kept_and_of_all_the_end(monkeypatch):
    monkeypatch.setattr(networks, "library", lambda read: {"a": "def f(x):\n    return x\n" * 40})
    for name, size in {"H": 3, "T": 5, "N": 2, "STAGES": (0, 100, 200)}.items():
        monkeypatch.setattr(networks, name, size)
    names = [name.split("/") for name, _ in networks.make(steps=200, seeds=(7, 8))]
    kept = {tuple(map(int, name[:2])) for name in names if len(name) == 3}
    assert kept == {(7, 100), (7, 200), (8, 200)}


@pytest.mark.parametrize("seed", networks.SEEDS)
def test_trained_networks_predict_what_they_have_not_read(new_ids, seed):
    assert perplexity(networks.load(seed), new_ids) < 5


def test_stages_get_better(new_ids):
    values = [perplexity(networks.load(0, steps), new_ids) for steps in networks.STAGES]
    assert 80 < values[0] < 110 and 5 < values[1] < 10
    assert values[2] < 0.8 * values[1] and values[3] < 0.9 * values[2]


def test_networks_differ_and_the_same_seed_does_not():
    one, same, other = networks.load(1), networks.load(1), networks.load(2)
    assert torch.equal(one.output.weight, same.output.weight)
    assert (one.output.weight - other.output.weight).abs().mean() > 0.1


def test_unread_modules_were_not_read():
    read, unread = networks.library(read=True), networks.library(read=False)
    assert not set(read) & set(unread)
    assert max(read) < "s" <= min(unread) and len(unread) > 80


def test_plain_keeps_every_place():
    assert networks.plain("añb\t€\n") == "a�b��\n"
    assert len(networks.VOCABULARY) == 97


def test_state_is_carried_from_segment_to_segment():
    """The second segment's loss is that of reading both in one go."""
    model = networks.untrained(0)
    x = torch.randint(97, (9, 2), generator=torch.Generator().manual_seed(0))
    loss = networks._carrying()
    loss(model, x[:4], x[1:5])
    second = loss(model, x[4:8], x[5:9])
    u = model(x[:8])[0][4:]
    expected = torch.nn.functional.cross_entropy(u.flatten(0, 1), x[5:9].flatten())
    torch.testing.assert_close(second, expected)
