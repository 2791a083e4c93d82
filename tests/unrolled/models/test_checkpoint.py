"""Files of models and runs: whole or not at all, read on any machine, and no others."""

import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.models import checkpoint
from unrolled.models.checkpoint import Checkpoint, read, write

GOOD = {"a": torch.arange(3.0), "b": [1, "two", None]}


def test_what_is_written_is_read(tmp_path):
    write(GOOD, tmp_path / "file.pt")
    found = read(tmp_path / "file.pt", ("a", "b"), "write")
    assert torch.equal(found["a"], GOOD["a"]) and found["b"] == GOOD["b"]
    assert [path.name for path in tmp_path.iterdir()] == ["file.pt"]


def test_a_good_file_outlives_a_failure(tmp_path, monkeypatch):
    path = tmp_path / "file.pt"
    write(GOOD, path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="no arrays of NumPy"):
        write({"a": np.arange(3)}, path)
    with pytest.raises((AttributeError, TypeError)):  # in the middle of writing
        write({"a": torch.zeros(1000), "b": lambda: 0}, path)

    def full(contents, path):
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", full)
    with pytest.raises(OSError, match="No space"):
        write(GOOD, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["file.pt"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.pt").symlink_to(tmp_path / "file.pt")
    write(GOOD, tmp_path / "link.pt")
    assert (tmp_path / "link.pt").is_symlink() and (tmp_path / "file.pt").exists()


@pytest.mark.parametrize("junk", [b"", b"junk", b"PK\x03\x04 no archive", "grüße".encode(), b"e\n"])
def test_other_bytes_are_refused(tmp_path, junk):
    (tmp_path / "junk.pt").write_bytes(junk)
    with pytest.raises(ValueError, match=r"junk\.pt is not a file that save wrote"):
        read(tmp_path / "junk.pt", ("a", "b"), "save")


@pytest.mark.parametrize("other", [{"a": 1}, GOOD | {"c": 1}, [1, 2], nn.Linear(1, 1)])
def test_other_contents_are_refused(tmp_path, other):
    torch.save(other, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"other\.pt is not a file that save wrote"):
        read(tmp_path / "other.pt", ("a", "b"), "save")


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="none"):
        read(tmp_path / "none.pt", ("a",), "save")


def test_a_file_from_a_gpu_is_read_on_the_cpu(tmp_path):
    """The same file, but that its tensors say they came from "cuda:0"."""
    write(GOOD, tmp_path / "cpu.pt")
    with (
        zipfile.ZipFile(tmp_path / "cpu.pt") as source,
        zipfile.ZipFile(tmp_path / "gpu.pt", "w") as target,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("data.pkl"):
                place = b"X\x03\x00\x00\x00cpu"
                assert place in data
                data = data.replace(place, b"X\x06\x00\x00\x00cuda:0")
            target.writestr(name, data)
    found = read(tmp_path / "gpu.pt", ("a", "b"), "write")
    assert found["a"].device.type == "cpu" and torch.equal(found["a"], GOOD["a"])


def test_a_checkpoint_is_a_copy(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    losses = [1.0]
    kept = Checkpoint.of(model, optimizer, loss=losses, measured={0: (1.5, "a")}, seconds=2.0)
    weight = model.weight.detach().clone()
    losses.append(0.5)
    optimizer.step()
    kept.save(tmp_path / "run.pt")
    for found in (kept, Checkpoint.load(tmp_path / "run.pt")):
        assert torch.equal(found.model["weight"], weight)
        assert found.optimizer["state"][0]["step"] == 1
        assert (found.loss, found.measured, found.seconds) == ([1.0], {0: (1.5, "a")}, 2.0)
    with pytest.raises(ValueError, match=r"run\.pt is not a file that save wrote"):
        read(tmp_path / "run.pt", ("options", "symbols", "weights"), "save")
