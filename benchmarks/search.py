"""What does beam search cost beyond the model's own steps, and beside Hugging Face's `generate`?

    python benchmarks/search.py

A GRU decoder (H = 256, random weights, float32) writes 20 symbols for each of 32 sentences. "Steps
alone" are the same 20 calls of the same step function, log-softmax included, on as many hypotheses
(from the second step on 32 k), with nothing chosen between them. `generate` gets the same weights
in its own kind of model, raw scores (length_penalty=0) and the exact stopping rule
(early_stopping="never"); that it finds the same best sequences is asserted. END is a symbol like
any other and made so rare that all searches run to the end. One thread; contest.py says how it is
timed. Without transformers its column stays empty; it comes by

    .venv/bin/pip install -r benchmarks/requirements.txt
"""

from collections.abc import Callable

import numpy as np
import torch
from contest import judged, rounds, run
from torch import Tensor, nn

from unrolled.decoding.beam_search import beam

try:
    from transformers import GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
    from transformers.utils import ModelOutput, logging

    logging.set_verbosity_error()
except ImportError:
    PreTrainedModel = None

N, H, T = 32, 256, 20
END, START, PADDING = 0, 1, 2
TARGETS = {1000: 1.3, 8000: 1.4}  # V: at most so many times the steps alone
AGAINST_GENERATE = 1.35  # at least so many times as fast, from k = 4 on
SECONDS = 10  # for each pair of V and k


class Decoder(nn.Module):
    def __init__(self, V: int) -> None:
        super().__init__()
        self.embedding, self.cell, self.output = (
            nn.Embedding(V, H), nn.GRUCell(H, H), nn.Linear(H, V),
        )  # fmt: skip
        nn.init.normal_(self.output.weight, std=0.3)  # as decided as a trained model
        nn.init.constant_(self.output.bias[END : END + 1], -5)

    def logits(self, h: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        h = self.cell(self.embedding(tokens), h)
        return self.output(h), h

    def step(self, h: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        u, h = self.logits(h, tokens)
        return u.log_softmax(dim=-1), h


def generating(decoder: Decoder, k: int) -> Callable:
    """Hugging Face's beam search on the same decoder: h_0 -> best sequences (N, T)."""

    class Wrapped(PreTrainedModel, GenerationMixin):
        config_class = PretrainedConfig
        _is_stateful = True

        def __init__(self, config) -> None:
            super().__init__(config)
            self.decoder = decoder
            self.post_init()

        def forward(self, input_ids, state=None, **_):
            u, h = self.decoder.logits(state, input_ids[:, -1])
            return ModelOutput(logits=u[:, None], state=h)

        def prepare_inputs_for_generation(self, input_ids, state=None, **_):
            return {"input_ids": input_ids[:, -1:], "state": state}

        def _reorder_cache(self, state, rows):
            return state.index_select(0, rows)

        @classmethod
        def _supports_default_dynamic_cache(cls):
            return False  # `state` is all it needs

        def _init_weights(self, module):
            pass

    V = decoder.output.out_features
    config = PretrainedConfig(
        vocab_size=V, is_encoder_decoder=False, num_hidden_layers=1, hidden_size=H
    )
    model = Wrapped(config).eval()
    exactly = {"length_penalty": 0.0, "early_stopping": "never"} if k > 1 else {}
    options = GenerationConfig(
        num_beams=k, max_new_tokens=T, do_sample=False, eos_token_id=END, pad_token_id=PADDING,
        **exactly,
    )  # fmt: skip
    start = torch.full((N, 1), START)
    return lambda h: model.generate(start, generation_config=options, state=h)[:, 1:]


def contest(V: int, k: int) -> dict[str, Callable]:
    """The search, its steps, those without log-softmax, and `generate`: checked, to be timed."""
    torch.manual_seed(0)
    decoder, h_0 = Decoder(V).requires_grad_(False), torch.randn(N, H)
    start = torch.full((N,), START)

    def search():
        return beam(decoder.step, h_0, start, END, k, T)

    def steps_alone(step: Callable):
        h, tokens = h_0, start
        others = torch.randint(V, (N * k,))
        for t in range(T):
            _, h = step(h, tokens)
            if t == 0:
                h, tokens = h.repeat_interleave(k, dim=0), others

    contestants = {
        "search": search,
        "steps": lambda: steps_alone(decoder.step),
        "logits": lambda: steps_alone(decoder.logits),
    }
    best = search().tokens[:, 0]
    assert best.shape == (N, T) and (best != END).all()  # nobody stopped early
    if PreTrainedModel is not None:
        generate = generating(decoder, k)
        assert torch.equal(generate(h_0), best)
        contestants["generate"] = lambda: generate(h_0)
    return contestants


def measure(_: int, clock: Callable) -> None:
    """A row for each size of vocabulary and each width of the beam."""
    print(f"Beam search for {N} sentences, {T} symbols each, with a GRU of H = {H}")
    if PreTrainedModel is None:
        print("  transformers is missing: pip install -r benchmarks/requirements.txt")
    print("  milliseconds (medians), then ratios (medians over the rounds)")
    row = "{:>6} {:>3}" + 4 * " {:>9}" + "   {:<24} {:<10} {}"
    print(row.format("V", "k", "search", "steps", "logits", "generate",
                     "search / steps", "/ logits", "generate / search"))  # fmt: skip
    for V, at_most in TARGETS.items():
        for k in (1, 4, 8):
            t = rounds(contest(V, k), SECONDS, clock)
            times = {name: f"{1e3 * np.median(t[name]):.1f}" for name in t}
            ratio = {name: np.median(t["search"] / t[name]) for name in ("steps", "logits")}
            gain = ""
            if "generate" in t:
                target = AGAINST_GENERATE if k >= 4 else None
                gain = judged(np.median(t["generate"] / t["search"]), target, below=False)
            print(row.format(V, k, times["search"], times["steps"], times["logits"],
                             times.get("generate", "-"), judged(ratio["steps"], at_most),
                             f"{ratio['logits']:.2f}", gain), flush=True)  # fmt: skip


if __name__ == "__main__":
    run(measure, __file__, threads=(1,))
