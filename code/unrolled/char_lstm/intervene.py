"""An LSTM language model that reads and writes while its cells are looked at, or changed."""

from collections.abc import Callable

import torch
from torch import Tensor

from unrolled import checks
from unrolled.datasets.text import check_ids
from unrolled.decoding.sampling import check_rng, sample_symbol
from unrolled.layers.layer_contract import check_parts
from unrolled.models.language_model import LanguageModel
from unrolled.models.tensors import check, check_model

State = tuple[Tensor, Tensor]  # h, c (N, H) each


@torch.no_grad()
def run(
    model: LanguageModel,
    x: Tensor,
    state: State | None = None,
    change: Callable[[int, Tensor], Tensor] = lambda t, c: c,
) -> tuple[Tensor, Tensor, State]:
    """ids x (T, N) -> cells c (T, N, H), logits u (T, N, V), and the state after the last step.

    What `change(t, c)` returns takes the place of the cells c (N, H) of step t, before anything
    is computed from them. Raises ValueError for a layer that has no cells, and for what are no
    ids (T, N) of the vocabulary.
    """
    check_model(model, LanguageModel)
    checks.kind("a tensor of ids (T, N)", Tensor, x=x)
    checks.function(change=change)
    if not isinstance(model.recurrent, torch.nn.LSTM):
        raise ValueError(f"only an LSTM has cells, got {type(model.recurrent).__name__}")
    if x.dim() != 2:
        raise ValueError(f"x must be ids (T, N), got {tuple(x.shape)}")
    check_ids(x.cpu().numpy(), len(model.embedding.weight), "x: ids")
    if state is not None:
        check_parts("state", state, "a pair (h, c)", 2)
        for part in state:
            check("state", part, model.output.weight, x.shape[1], model.recurrent.hidden_size)
    layer, (T, N) = model.recurrent, x.shape
    table = model.embedding.weight @ layer.weight_ih_l0.T + layer.bias_ih_l0 + layer.bias_hh_l0
    cs, hs = table.new_empty(2, T, N, layer.hidden_size)
    h, c = state if state is not None else table.new_zeros(2, N, layer.hidden_size)
    for t in range(T):
        i, f, g, o = torch.addmm(table[x[t].long()], h, layer.weight_hh_l0.T).chunk(4, dim=-1)
        cs[t] = c = change(t, f.sigmoid() * c + i.sigmoid() * g.tanh())
        hs[t] = h = o.sigmoid() * c.tanh()
    return cs, model.output(hs), (h, c)


def write(
    model: LanguageModel,
    prompt: str,
    length: int,
    rng: torch.Generator,
    N: int = 1,
    change: Callable[[int, Tensor], Tensor] = lambda t, c: c,
) -> list[str]:
    """N texts of this length that continue the prompt, sampled while the cells are changed.

    Parameters
    ----------
    model
        An LSTM's language model.
    prompt
        What is read first, without a change: at least one symbol of the vocabulary.
    length
        How many symbols are written.
    rng
        Draws the symbols.
    N
        How many texts are written, side by side.
    change
        From the first symbol that is written, what `change(t, c)` returns takes the place of
        the cells c (N, H) of step t = 0, 1, ...

    Returns
    -------
    texts
        What was written, without the prompt.

    Raises
    ------
    ValueError
        For an empty prompt, a layer without cells, and numbers below 0 (`N`: below 1).
    """
    check_model(model, LanguageModel)
    checks.text(prompt=prompt)
    checks.function(change=change)
    checks.whole(length=length)
    checks.whole(1, N=N)
    check_rng(rng)
    ids = torch.as_tensor(model.vocabulary.encode(prompt))
    if len(ids) == 0:
        raise ValueError("prompt: a prompt needs at least one symbol, got none")
    _, u, state = run(model, ids[:, None].expand(-1, N))
    written = torch.empty(length, N, dtype=torch.int64)
    for t in range(length):
        written[t] = sample_symbol(u[-1], rng)
        _, u, state = run(model, written[t][None], state, lambda _, c, t=t: change(t, c))
    return [model.vocabulary.decode(column) for column in written.T.numpy()]
