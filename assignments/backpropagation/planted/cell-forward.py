"""Ways to run a drawn cell: most of them change the solution's text, whatever cell it is."""

# %% The shifts by one are overlooked
# points: cell-forward 0

exec({{forward_text}}.replace(" + 1)", ")").replace(" - 1)", ")"))


# %% The peepholes are overlooked
# points: cell-forward 0

import re

exec(re.sub(r" \+ P\[.p_..\] \* s\[t[ +1]*\]", "", {{forward_text}}))


# %% A peephole that looks at the new state is given the old one
# points: cell-forward 0

import re

exec(re.sub(r"(P\[.p_..\]) \* s\[t \+ 1\]", r"\1 * s[t]", {{forward_text}}))


# %% The recurrent matrices are transposed, as for columns
# points: cell-forward 0

import re

exec(re.sub(r"(P\[.W_s..\])", r"\1.T", {{forward_text}}))


# %% The state starts from zero
# points: cell-forward 0

right = forward


def forward(x, s_0, P):
    return right(x, np.zeros_like(s_0), P)


# %% The output is taken for the state
# points: cell-forward 0

right = forward


def forward(x, s_0, P):
    _, s = right(x, s_0, P)
    return s[1:], s


# %% The states without the one before the first step
# points: cell-forward 0

right = forward


def forward(x, s_0, P):
    h, s = right(x, s_0, P)
    return h, s[1:]


# %% The state is never passed on
# points: cell-forward 0

exec({{forward_text}}.replace("s[t]", "s[0]"))


# %% A plain tanh network
# points: cell-forward 0


def forward(x, s_0, P):
    s = [s_0]
    for x_t in x:
        s.append(np.tanh(x_t @ P["W_xn"] + s[-1] @ P["W_sn"]))
    return np.stack(s[1:]), np.stack(s)


# %% All that comes out is float64
# points: cell-forward 2

exec({{forward_text}}.replace("s_0.dtype", "float"))


# %% Right: lists in place of arrays, and the logistic function as it is printed
# points: all


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


exec(
    {{forward_text}}.replace("s = np.zeros((len(x) + 1, *s_0.shape), s_0.dtype)", "s = {}")
    .replace("h = np.zeros_like(s[1:])", "h = {}")
    .replace("range(len(x))", "range(x.shape[0])")
    .replace("return h, s", "return np.stack(list(h.values())), np.stack(list(s.values()))")
)
