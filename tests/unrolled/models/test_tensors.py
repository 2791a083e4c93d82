"""What the checks of tensors let pass, and how they name what they refuse."""

import pytest
import torch
from torch import nn

from unrolled.models.tensors import check, check_model, check_targets, embed

TABLE = nn.Embedding(5, 3)


def test_embed_gives_the_rows_of_the_table():
    ids = torch.tensor([[0, 4], [1, 1]])
    torch.testing.assert_close(embed(TABLE, "x", ids), TABLE(ids), rtol=0, atol=0)
    assert embed(TABLE, "x", ids[0].int(), axes=1).shape == (2, 3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (torch.tensor([[0, 5]]), "^x must be whole numbers from 0 to 4, got 0 to 5$"),
        (torch.tensor([[-1, 3]]), "^x must be whole numbers from 0 to 4, got -1 to 3$"),
        (torch.ones(1, 2), "^x must be whole numbers from 0 to 4, got Tensor of torch.float32"),
        (
            torch.tensor([0]),
            r"^x must be a tensor \(T, N\) of ids, got Tensor of torch.int64 \(1,\)",
        ),
        (torch.zeros(0, 2, dtype=torch.long), r"^x must be a tensor .*, got Tensor .* \(0, 2\)"),
        ([[0, 1]], "^x must be a tensor .* of ids, got a list$"),
    ],
)
def test_what_are_no_ids_is_named(wrong, said):
    with pytest.raises(ValueError, match=said):
        embed(TABLE, "x", wrong)


def test_shape_and_type_are_those_expected():
    check("h", torch.ones(2, 3), torch.ones(1), 2, 3)
    for wrong in (torch.ones(3, 2), torch.ones(2, 3).double(), None):
        with pytest.raises(ValueError, match=r"^h must be torch.float32 \(2, 3\), got "):
            check("h", wrong, torch.ones(1), 2, 3)


def test_targets_are_classes_of_the_logits():
    u = torch.zeros(2, 1, 4)
    check_targets("y", torch.tensor([[0], [3]]), u)
    check_targets("y", torch.zeros(0, 1, dtype=torch.long), u[:0])
    for wrong in (torch.tensor([[0], [4]]), torch.tensor([[-1], [0]])):
        with pytest.raises(ValueError, match=r"^y must be from 0 to 3, got "):
            check_targets("y", wrong, u)
    for wrong in (torch.tensor([0, 3]), torch.zeros(2, 1), torch.zeros(2, 1, dtype=torch.int32)):
        with pytest.raises(ValueError, match=r"^y must be int64 \(2, 1\), got "):
            check_targets("y", wrong, u)


def test_another_thing_than_a_model_is_named():
    check_model(TABLE)
    check_model(TABLE, nn.Embedding)
    with pytest.raises(ValueError, match=r"^model must be a Linear, got a Embedding$"):
        check_model(TABLE, nn.Linear)
