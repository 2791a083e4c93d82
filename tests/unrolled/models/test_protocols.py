"""The models that are said to be exchangeable are: same methods, and states that fit a search."""

import pytest
import torch
from torch import nn

from unrolled.datasets.text import END, START, Vocabulary
from unrolled.decoding import beam, search
from unrolled.models import (
    Attentive,
    Captioner,
    Decoder,
    EncoderDecoder,
    LanguageModel,
    Reminded,
    Seq2Seq,
)

V, N = 9, 3
SOURCES = torch.tensor([[3, 4, 5], [6, 7, 0]]), torch.tensor([2, 2, 1])
PICTURES = (torch.linspace(0, 1, N * 3 * 18 * 18).view(N, 3, 18, 18),)
MODELS = {
    "EncoderDecoder": (lambda: EncoderDecoder(8, V, 7, 4), SOURCES),
    "Reminded": (lambda: Reminded(8, V, 7, 4), SOURCES),
    "Attentive": (lambda: Attentive(8, V, 8, 4, "additive"), SOURCES),
    "Captioner": (lambda: Captioner(V, 7, 4, 5), PICTURES),
    "Captioner, once": (lambda: Captioner(V, 7, 4, 5, always=False), PICTURES),
}


@pytest.fixture(params=MODELS)
def named(request):
    torch.manual_seed(0)
    make, inputs = MODELS[request.param]
    return make().double(), tuple(x.double() if x.is_floating_point() else x for x in inputs)


def test_the_methods_are_there(named):
    model, inputs = named
    assert isinstance(model, Decoder)
    assert (isinstance(model, Seq2Seq) and len(inputs) == 2) or isinstance(model, Captioner)


def test_other_models_are_told_apart():
    for other in (nn.GRU(2, 3), LanguageModel(Vocabulary("ab"))):
        assert not isinstance(other, Decoder) and not isinstance(other, Seq2Seq)


def test_steps_are_what_decode_does_at_once(named):
    model, inputs = named
    tokens = torch.randint(3, V, (5, N), generator=torch.Generator().manual_seed(0))
    u, _ = model.decode(model.encode(*inputs), tokens)
    state = model.encode(*inputs)
    for t, row in enumerate(tokens):
        log_p, state = model.step(state, row)
        torch.testing.assert_close(log_p, u[t].log_softmax(dim=-1))


def test_every_method_of_decoding_takes_them(named):
    """Which needs the N sequences on the first axis of all parts of a state."""
    model, inputs = named
    first = torch.full((N,), START)
    tokens, score = search.greedy(model.step, model.encode(*inputs), first, END, T=4)
    assert tokens.shape[0] == N and (score <= 0).all()
    found = beam(model.step, model.encode(*inputs), first, END, 3, 4)
    alone = model.encode(*(x[:, :1] if x.shape[:1] == (2,) else x[:1] for x in inputs))
    assert torch.allclose(beam(model.step, alone, first[:1], END, 3, 4).scores, found.scores[:1])
