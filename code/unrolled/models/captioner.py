"""A captioner in torch: a small CNN reads the picture, a recurrent network writes the sentence."""

import torch
from torch import Tensor, nn

from unrolled import checks
from unrolled.datasets.shape_world import SIZE
from unrolled.datasets.text import PAD
from unrolled.layers.layer_contract import check_parts
from unrolled.models import tensors
from unrolled.models.seq2seq import check_targets
from unrolled.models.tensors import check, check_model, embed


class Captioner(nn.Module):
    """h_t = tanh(x_t W_xh + h_{t-1} W_hh + v W_ih + b_h), v the picture's features.

    With `always` v enters at every step (eq-captioning-cell), else at the first one alone
    (eq-captioning-once).
    """

    def __init__(self, V: int, H: int = 128, D: int = 32, F: int = 64, always: bool = True) -> None:
        """Sizes of vocabulary, state, embeddings and features."""
        super().__init__()
        checks.whole(1, V=V, H=H, D=D, F=F)
        self.look = nn.Sequential(  # (N, 3, 18, 18) -> (N, F)
            nn.Conv2d(3, 16, 3, padding=1),
            nn.MaxPool2d(2),  # (N, 16, 9, 9)
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.MaxPool2d(2, ceil_mode=True),  # (N, 32, 5, 5)
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),  # (N, 800): each of the 25 places keeps features of its own
            nn.Linear(800, F),
        )
        self.embedding = nn.Embedding(V, D)
        self.tell = nn.RNN(D + F, H)  # reads [x_t, v], so that W_xh and W_ih lie side by side
        nn.init.orthogonal_(self.tell.weight_hh_l0)  # W_hh neither fades nor grows at first
        self.output = nn.Linear(H, V)
        self.always = always

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """pictures (N, 3, 18, 18) -> the state before START: h_0 = 0 (N, H), and v (N, F)."""
        checks.kind("a tensor", Tensor, pictures=pictures)
        if pictures.shape[1:] != (3, SIZE, SIZE):
            expected = f"(N, 3, {SIZE}, {SIZE})"
            raise ValueError(f"pictures must be {expected}, got {tuple(pictures.shape)}")
        check("pictures", pictures, self.output.weight, *pictures.shape)
        if len(pictures) == 0:
            raise ValueError("pictures must be at least one, got none")
        v = self.look(4 * pictures - 3)  # brightness about zero learns faster
        return v.new_zeros(len(v), self.tell.hidden_size), v

    def decode(self, state: tuple, tokens: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """State, tokens (T, N) -> logits (T, N, V), and the state after them."""
        check_parts("state", state, "a pair (h, v)", 2)
        (h, v), x = state, embed(self.embedding, "tokens", tokens)
        check("h in state", h, x, x.shape[1], self.tell.hidden_size)
        check("v in state", v, x, x.shape[1], self.look[-1].out_features)
        after = v if self.always else torch.zeros_like(v)  # what later steps see
        seen = torch.stack([v] + [after] * (len(tokens) - 1))  # (T, N, F)
        h, _ = self.tell(torch.cat([x, seen], dim=2), h[None])  # (T, N, H)
        return self.output(h), (h[-1], after)

    def forward(self, pictures: Tensor, inputs: Tensor) -> Tensor:
        """Logits (T, N, V) with teacher forcing: inputs (T, N) are START and the true words."""
        return self.decode(self.encode(pictures), inputs)[0]

    def step(self, state: tuple, tokens: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """State, tokens (N,) -> log-probabilities of the next words (N, V), and the new state."""
        checks.kind("a tensor of tokens (N,)", Tensor, tokens=tokens)
        u, state = self.decode(state, tokens[None])
        return u[0].log_softmax(dim=-1), state


def caption_loss(model: Captioner, pictures: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    """Mean of -log P over all true words of the batch, END included, in nats."""
    check_model(model)
    check_targets(targets)
    u = model(pictures, inputs)  # (T, N, V)
    tensors.check_targets("targets", targets, u)
    return nn.functional.cross_entropy(u.flatten(0, 1), targets.flatten(), ignore_index=PAD)
