"""Ways back through a drawn cell: most of them change the solution's text, whatever cell it is."""

# %% The peepholes get no gradient
# points: cell-backward 4

import re

exec(re.sub(r"grads\[.p_..\] \+= .*", "pass", {{backward_text}}))


# %% Nothing comes back to the state through the peepholes
# points: cell-backward 0

import re

exec(re.sub(r"ds(_old)? = .* \* P\[.p_..\]", "pass", {{backward_text}}))


# %% The inputs get what the last formula sends, not the sum
# points: cell-backward 4

exec({{backward_text}}.replace("dx[t] +=", "dx[t] ="))


# %% Only one use of each parameter counts, the first
# points: cell-backward 1

import re

exec(re.sub(r"(grads\[.*?\]) \+=", r"\1 =", {{backward_text}}))


# %% The gradient is not carried from step to step
# points: cell-backward 0

exec({{backward_text}}.replace("        from_next = ds_old\n", ""))


# %% What comes back goes through the state alone, as if no gate looked at it
# points: cell-backward 0

import re

exec(re.sub(r"ds_old = (ds_old \+ )?(Delta_\w @ .*)", r"ds_old = \1 0", {{backward_text}}))


# %% The recurrent matrices are not transposed
# points: cell-backward 0

import re

exec(re.sub(r"(@ P\[.W_s..\])\.T", r"\1", {{backward_text}}))


# %% The slope of the gates is forgotten
# points: cell-backward 0

import re

exec(re.sub(r" \* (\w) \* \(1 - \1\)", "", {{backward_text}}))


# %% Each step looks at the state after it
# points: cell-backward 0

exec({{backward_text}}.replace("s[t]", "s[t + 1]"))


# %% Biases and peepholes get the mean over the batch
# points: cell-backward 4

exec({{backward_text}}.replace("sum(axis=0)", "mean(axis=0)"))


# %% Nothing is worked out for the initial state
# points: cell-backward 4

right = backward


def backward(x, s, P, dh):
    grads, dx, ds_0 = right(x, s, P, dh)
    return grads, dx, np.zeros_like(ds_0)


# %% Gradients are averaged over the batch
# points: cell-backward 1

right = backward


def backward(x, s, P, dh):
    grads, dx, ds_0 = right(x, s, P, dh)
    return {name: grads[name] / x.shape[1] for name in grads}, dx, ds_0


# %% All that comes out is float64
# points: cell-backward 5

right = backward


def backward(x, s, P, dh):
    grads, dx, ds_0 = right(x, s, P, dh)
    return {name: grads[name].astype(float) for name in grads}, dx.astype(float), ds_0.astype(float)


# %% The three results in another order
# points: cell-backward 0

right = backward


def backward(x, s, P, dh):
    grads, dx, ds_0 = right(x, s, P, dh)
    return dx, ds_0, grads


# %% Right: sums over the batch by einsum and by a row of ones
# points: all

import re


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


exec(
    re.sub(
        r"(\w+\[t\]|\(.*?\))\.T @ (\w+)",
        r"np.einsum('np,nq->pq', \1, \2)",
        re.sub(
            r"= (\S+|\(.*\))\.sum\(axis=0\)",
            r"= np.ones_like(dh[t, :, 0]) @ \1",
            {{backward_text}},
        ),
    )
)
