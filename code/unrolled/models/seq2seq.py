"""Encoder-decoders in torch: one network reads a source, another writes the target.

Sources are (S, N), targets (T, N), time first, filled up with PAD. What the decoder carries from
step to step, its state, has the N sequences on its FIRST axis: whoever searches picks and copies
rows of it.
"""

import torch
from torch import Tensor, nn

from unrolled import checks
from unrolled.datasets.text import END, PAD, START
from unrolled.layers.layer_contract import check_parts
from unrolled.models import tensors
from unrolled.models.protocols import Seq2Seq, State
from unrolled.models.tensors import check, check_model, embed


class EncoderDecoder(nn.Module):
    """Two GRUs: the encoder's last state is the decoder's first (Sutskever et al. 2014)."""

    def __init__(self, source_size: int, target_size: int, H: int = 128, D: int = 32) -> None:
        """Sizes of the two vocabularies, of the states and of the embeddings."""
        super().__init__()
        checks.whole(1, source_size=source_size, target_size=target_size, H=H, D=D)
        self.source_embedding = nn.Embedding(source_size, D)
        self.target_embedding = nn.Embedding(target_size, D)
        self.encoder = nn.GRU(D, H)
        self.decoder = nn.GRU(D, H)
        self.output = nn.Linear(H, target_size)

    def encode(self, source: Tensor, lengths: Tensor) -> State:
        """source (S, N), lengths (N,) -> the context (N, H): states after the last true token."""
        check_source(source, lengths)
        h, _ = self.encoder(embed(self.source_embedding, "source", source))  # (S, N, H)
        return h[lengths - 1, torch.arange(len(lengths))]  # not h[-1], which has read PAD

    def decode(self, state: State, inputs: Tensor) -> tuple[Tensor, State]:
        """state (N, H), target tokens (T, N) -> logits (T, N, V), the state after them (N, H)."""
        x = embed(self.target_embedding, "inputs", inputs)
        check("state", state, x, x.shape[1], self.decoder.hidden_size)
        s, _ = self.decoder(x, state[None])  # (T, N, H)
        return self.output(s), s[-1]

    def forward(self, source: Tensor, lengths: Tensor, target_inputs: Tensor) -> Tensor:
        """Logits (T, N, V) with teacher forcing: each step is given the true token before it."""
        return self.decode(self.encode(source, lengths), target_inputs)[0]

    def step(self, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        """tokens (N,) -> log-probabilities of the next ones (N, V), and the new state."""
        checks.kind("a tensor of tokens (N,)", Tensor, tokens=tokens)
        u, state = self.decode(state, tokens[None])
        return u[0].log_softmax(dim=-1), state


class Reminded(EncoderDecoder):
    """Its decoder reads the context at every step, beside the token (Cho et al. 2014)."""

    def __init__(self, source_size: int, target_size: int, H: int = 128, D: int = 32) -> None:
        super().__init__(source_size, target_size, H, D)
        self.decoder = nn.GRU(D + H, H)

    def encode(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """What the decoder carries, and what it is reminded of: both the context at first."""
        c = super().encode(source, lengths)
        return c, c

    def decode(
        self, state: tuple[Tensor, Tensor], inputs: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """State 2 x (N, H), target tokens (T, N) -> logits (T, N, V), the state after them."""
        check_parts("state", state, "a pair", 2)
        (s, c), x = state, embed(self.target_embedding, "inputs", inputs)
        for name, part in (("first of state", s), ("second of state", c)):
            check(name, part, x, x.shape[1], self.decoder.hidden_size)
        everywhere = c.expand(len(inputs), -1, -1)  # (T, N, H)
        x = torch.cat([x, everywhere], dim=-1)
        s, last = self.decoder(x, s[None])
        return self.output(s), (last[0], c)


def sequence_loss(
    model: Seq2Seq, source: Tensor, lengths: Tensor, target_inputs: Tensor, targets: Tensor
) -> Tensor:
    """Mean of -log P(target) over all true target tokens of the batch, END included, in nats."""
    check_model(model)
    check_targets(targets)
    u = model(source, lengths, target_inputs)  # (T, N, V)
    tensors.check_targets("targets", targets, u)
    return nn.functional.cross_entropy(u.flatten(0, 1), targets.flatten(), ignore_index=PAD)


@torch.no_grad()
def translate(model: Seq2Seq, source: Tensor, lengths: Tensor, limit: int) -> Tensor:
    """Write the likeliest token at every step -> ids (at most `limit`, N), PAD after each END."""
    checks.integer(limit=limit)
    check_model(model, Seq2Seq)
    if limit < 1:
        raise ValueError(f"limit must be at least 1 token, got {limit}")
    state, written = model.encode(source, lengths), []
    tokens = torch.full_like(lengths, START)
    ended = torch.zeros_like(lengths, dtype=torch.bool)
    for _ in range(limit):
        log_p, state = model.step(state, tokens)
        tokens = log_p.argmax(dim=-1).masked_fill(ended, PAD)
        written.append(tokens)
        ended = ended | (tokens == END)
        if ended.all():
            break
    return torch.stack(written)


def exact(ids: Tensor, targets: Tensor) -> Tensor:
    """ids (T', N) of `translate`, targets (T, N) -> which agree to the last token (N,).

    Both end with END; give `translate` a limit of at least T, so that no output is cut to fit.
    """
    for name, given in (("targets", targets), ("ids", ids)):
        checks.kind("a tensor of ids (T, N)", Tensor, **{name: given})
        if given.dim() != 2 or given.shape[1] != targets.shape[1]:
            raise ValueError(f"{name} must be (T, N) of one N, got {tuple(given.shape)}")
        if given.is_floating_point() or given.is_complex():
            raise ValueError(f"{name} must be whole numbers, got {given.dtype}")
    missing = len(ids) - len(targets)
    ids = nn.functional.pad(ids, (0, 0, 0, max(0, -missing)), value=PAD)
    targets = nn.functional.pad(targets, (0, 0, 0, max(0, missing)), value=PAD)
    return (ids == targets).all(dim=0)


def check_targets(targets: Tensor) -> None:
    """Raise a ValueError where there is nothing but PAD, since the mean of no losses is not one."""
    checks.kind("a tensor of tokens (T, N)", Tensor, targets=targets)
    if not (targets != PAD).any():
        raise ValueError(f"targets need a token that is not PAD, got none in {targets.numel()}")


def check_source(source: Tensor, lengths: Tensor) -> None:
    """Raise a ValueError unless source is (S, N) and lengths (N,) fit it."""
    checks.kind("a tensor", Tensor, source=source, lengths=lengths)
    if lengths.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"lengths must be whole numbers, got {lengths.dtype}")
    if source.ndim != 2 or lengths.shape != source.shape[1:]:
        raise ValueError(
            "source must be (S, N) and lengths (N,), "
            f"got {tuple(source.shape)} and {tuple(lengths.shape)}"
        )
    if len(lengths) == 0:
        raise ValueError(f"source needs at least one sequence, got shape {tuple(source.shape)}")
    if not 1 <= int(lengths.min()) <= int(lengths.max()) <= len(source):
        raise ValueError(f"lengths must be from 1 to S = {len(source)}, got {lengths.tolist()}")
