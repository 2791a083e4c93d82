"""An encoder-decoder with attention, in torch: every step looks at all encoder states.

It has the methods of `protocols.Seq2Seq`, with a state whose parts all have
the N sequences on their first axis. So does every array here that has no time axis in front.
"""

import math

import torch
from torch import Tensor, nn

from unrolled import checks
from unrolled.layers.layer_contract import check_parts
from unrolled.models.seq2seq import EncoderDecoder, check_source
from unrolled.models.tensors import check, embed

State = tuple[Tensor, Tensor, Tensor, Tensor]


class Attentive(EncoderDecoder):
    """An encoder-decoder that looks back (Luong et al. 2015, without input feeding).

    `score` is "dot", scaled (eq-attention-dot), or "additive" (eq-attention-additive).
    """

    def __init__(
        self, source_size: int, target_size: int, H: int = 128, D: int = 32, score: str = "dot"
    ) -> None:
        super().__init__(source_size, target_size, H, D)
        checks.whole(1 if score == "dot" else 2, H=H)
        if score not in ("dot", "additive"):
            raise ValueError(f'score must be "dot" or "additive", got {score!r}')
        A = H if score == "dot" else H // 2  # an additive score is a tanh of A units for each pair
        self.query = nn.Linear(H, A, bias=False)
        self.key = nn.Linear(H, A, bias=False)
        self.w = nn.Linear(A, 1, bias=False) if score == "additive" else None
        self.join = nn.Linear(2 * H, H)

    def encode(self, source: Tensor, lengths: Tensor) -> State:
        """Source (S, N), lengths (N,) -> the decoder's first state.

        Its parts: s_0 (N, H), keys (N, S, A), memory (N, S, H), and a mask (N, S) of true tokens.
        """
        check_source(source, lengths)
        h, _ = self.encoder(embed(self.source_embedding, "source", source))  # (S, N, H)
        memory = h.transpose(0, 1)  # (N, S, H)
        mask = torch.arange(len(source)) < lengths[:, None]  # (N, S), False on padding
        return memory[torch.arange(len(lengths)), lengths - 1], self.key(memory), memory, mask

    def weights(self, s: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Decoder states s (N, T, H) -> how much each looks at each source token (N, T, S)."""
        checks.kind("a tensor", Tensor, s=s, keys=keys, mask=mask)
        (N, S), (H, A) = keys.shape[:2], self.query.weight.T.shape
        check("s", s, self.query.weight, N, *s.shape[1:2], H)
        check("keys", keys, s, N, S, A)
        if mask.dtype != torch.bool or tuple(mask.shape) != (N, S) or not mask.any(dim=1).all():
            raise ValueError(f"mask must be booleans ({N}, {S}), some True in each row of tokens")
        q = self.query(s)
        if self.w is None:
            e = q @ keys.transpose(1, 2) / math.sqrt(q.shape[-1])  # (N, T, S)
        else:
            g = torch.tanh(q[:, :, None] + keys[:, None])  # (N, T, S, A)
            e = self.w(g)[..., 0]
        return e.masked_fill(~mask[:, None], -torch.inf).softmax(dim=-1)

    def decode(self, state: State, inputs: Tensor) -> tuple[Tensor, State]:
        """State and target tokens (T, N) -> logits (T, N, V), and the state after them."""
        check_parts("state", state, "s_0, keys, memory and mask", 4)
        (s_0, keys, memory, mask), x = state, embed(self.target_embedding, "inputs", inputs)
        N, H = x.shape[1], self.decoder.hidden_size
        check("s_0 in state", s_0, x, N, H)
        checks.kind("a tensor", Tensor, **{"keys in state": keys, "memory in state": memory})
        check("memory in state", memory, x, *keys.shape[:2], H)
        check("memory in state", memory, x, N, *memory.shape[1:])
        s, last = self.decoder(x, s_0[None])  # (T, N, H)
        s = s.transpose(0, 1)  # (N, T, H)
        c = self.weights(s, keys, mask) @ memory  # (N, T, S) @ (N, S, H)
        s_tilde = torch.tanh(self.join(torch.cat([s, c], dim=-1)))
        return self.output(s_tilde).transpose(0, 1), (last[0], keys, memory, mask)
