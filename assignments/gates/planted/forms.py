"""Ways to run a GRU, and to find out which one it was."""


# %% The reset acts after the product in both
# points: forms 3


def gru(x, h_0, W_xh, W_hh, b_h, b_hn, form):
    h, states = h_0, []
    W_hr, W_hz, W_hn = np.split(W_hh, 3, axis=1)
    for x_t in x:
        x_r, x_z, x_n = np.split(x_t @ W_xh + b_h, 3, axis=1)
        r, z = sigmoid(x_r + h @ W_hr), sigmoid(x_z + h @ W_hz)
        if True:
            n = np.tanh(x_n + r * (h @ W_hn + b_hn))
        else:
            n = np.tanh(x_n + (r * h) @ W_hn + b_hn)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states)


# %% The reset acts before the product in both
# points: forms 3


def gru(x, h_0, W_xh, W_hh, b_h, b_hn, form):
    h, states = h_0, []
    W_hr, W_hz, W_hn = np.split(W_hh, 3, axis=1)
    for x_t in x:
        x_r, x_z, x_n = np.split(x_t @ W_xh + b_h, 3, axis=1)
        r, z = sigmoid(x_r + h @ W_hr), sigmoid(x_z + h @ W_hz)
        if False:
            n = np.tanh(x_n + r * (h @ W_hn + b_hn))
        else:
            n = np.tanh(x_n + (r * h) @ W_hn + b_hn)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states)


# %% The bias of the candidate's state stands outside of the tap
# points: forms 3


def gru(x, h_0, W_xh, W_hh, b_h, b_hn, form):
    h, states = h_0, []
    W_hr, W_hz, W_hn = np.split(W_hh, 3, axis=1)
    for x_t in x:
        x_r, x_z, x_n = np.split(x_t @ W_xh + b_h, 3, axis=1)
        r, z = sigmoid(x_r + h @ W_hr), sigmoid(x_z + h @ W_hz)
        if form == "after":
            n = np.tanh(x_n + r * (h @ W_hn) + b_hn)
        else:
            n = np.tanh(x_n + (r * h) @ W_hn + b_hn)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states)


# %% The bias of the candidate's state is forgotten
# points: forms 2


def gru(x, h_0, W_xh, W_hh, b_h, b_hn, form):
    h, states = h_0, []
    W_hr, W_hz, W_hn = np.split(W_hh, 3, axis=1)
    for x_t in x:
        x_r, x_z, x_n = np.split(x_t @ W_xh + b_h, 3, axis=1)
        r, z = sigmoid(x_r + h @ W_hr), sigmoid(x_z + h @ W_hz)
        if form == "after":
            n = np.tanh(x_n + r * (h @ W_hn))
        else:
            n = np.tanh(x_n + (r * h) @ W_hn)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states)


# %% The slider takes at 1
# points: forms 2


def gru(x, h_0, W_xh, W_hh, b_h, b_hn, form):
    h, states = h_0, []
    W_hr, W_hz, W_hn = np.split(W_hh, 3, axis=1)
    for x_t in x:
        x_r, x_z, x_n = np.split(x_t @ W_xh + b_h, 3, axis=1)
        r, z = sigmoid(x_r + h @ W_hr), sigmoid(x_z + h @ W_hz)
        if form == "after":
            n = np.tanh(x_n + r * (h @ W_hn + b_hn))
        else:
            n = np.tanh(x_n + (r * h) @ W_hn + b_hn)
        h = (1 - z) * h + z * n
        states.append(h)
    return np.stack(states)


# %% The blocks stand in the order of Keras
# points: forms 2


def gru(x, h_0, W_xh, W_hh, b_h, b_hn, form):
    h, states = h_0, []
    W_hz, W_hr, W_hn = np.split(W_hh, 3, axis=1)
    for x_t in x:
        x_z, x_r, x_n = np.split(x_t @ W_xh + b_h, 3, axis=1)
        r, z = sigmoid(x_r + h @ W_hr), sigmoid(x_z + h @ W_hz)
        if form == "after":
            n = np.tanh(x_n + r * (h @ W_hn + b_hn))
        else:
            n = np.tanh(x_n + (r * h) @ W_hn + b_hn)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states)


# %% The gates look at the input alone
# points: forms 2


def gru(x, h_0, W_xh, W_hh, b_h, b_hn, form):
    h, states = h_0, []
    W_hr, W_hz, W_hn = np.split(W_hh, 3, axis=1)
    for x_t in x:
        x_r, x_z, x_n = np.split(x_t @ W_xh + b_h, 3, axis=1)
        r, z = sigmoid(x_r), sigmoid(x_z)
        if form == "after":
            n = np.tanh(x_n + r * (h @ W_hn + b_hn))
        else:
            n = np.tanh(x_n + (r * h) @ W_hn + b_hn)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states)


# %% The reset gate stands before the input's part as well
# points: forms 2


def gru(x, h_0, W_xh, W_hh, b_h, b_hn, form):
    h, states = h_0, []
    W_hr, W_hz, W_hn = np.split(W_hh, 3, axis=1)
    for x_t in x:
        x_r, x_z, x_n = np.split(x_t @ W_xh + b_h, 3, axis=1)
        r, z = sigmoid(x_r + h @ W_hr), sigmoid(x_z + h @ W_hz)
        if form == "after":
            n = np.tanh(r * (x_n + h @ W_hn + b_hn))
        else:
            n = np.tanh(r * x_n + (r * h) @ W_hn + b_hn)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states)


# %% Before the product is written as after it, with the bias outside, and so is looked for
# points: forms 1


def gru_step(x, h, W_xh, W_hh, b_h, b_hn, form, slider):
    W_hr, W_hz, W_hn = np.split(W_hh, 3, axis=1)
    x_r, x_z, x_n = np.split(x @ W_xh + b_h, 3, axis=-1)
    r, z = sigmoid(x_r + h @ W_hr), sigmoid(x_z + h @ W_hz)
    said = r * (h @ W_hn + b_hn) if form == "after" else r * (h @ W_hn) + b_hn
    n = np.tanh(x_n + said)
    return z * h + (1 - z) * n if slider == "keeps" else (1 - z) * h + z * n


# %% The usual kind is named without a look
# points: forms 2


def which_gru(x, h, W_xh, W_hh, b_h, b_hn):
    return "after", "keeps"


# %% The rounded record must be met exactly
# points: forms 2


def which_gru(x, h, W_xh, W_hh, b_h, b_hn):
    for form in ("after", "before"):
        for slider in ("keeps", "takes"):
            next_h = gru_step(x, h[:-1], W_xh, W_hh, b_h, b_hn, form, slider)
            if np.allclose(next_h, h[1:], rtol=1e-8, atol=1e-10):
                return form, slider
    return "neither", "neither"


# %% The record is compared with itself one step late
# points: forms 2


def which_gru(x, h, W_xh, W_hh, b_h, b_hn):
    errors = {}
    for form in ("after", "before"):
        for slider in ("keeps", "takes"):
            next_h = gru_step(x, h[1:], W_xh, W_hh, b_h, b_hn, form, slider)
            errors[form, slider] = np.abs(next_h - h[:-1]).max()
    return min(errors, key=errors.get)


# %% The kind that fits worst
# points: forms 2


def which_gru(x, h, W_xh, W_hh, b_h, b_hn):
    errors = {}
    for form in ("after", "before"):
        for slider in ("keeps", "takes"):
            next_h = gru_step(x, h[:-1], W_xh, W_hh, b_h, b_hn, form, slider)
            errors[form, slider] = np.abs(next_h - h[1:]).max()
    return max(errors, key=errors.get)


# %% Right: entry by entry, and the record run through from its start
# points: all


def gru(x, h_0, W_xh, W_hh, b_h, b_hn, form, turned=False):
    T, N, H = len(x), *h_0.shape
    h = np.empty((T, N, H))
    for t in range(T):
        for n in range(N):
            old = h[t - 1, n] if t else h_0[n]
            new, said = x[t, n] @ W_xh + b_h, old @ W_hh
            r = 1 / (1 + np.exp(-new[:H] - said[:H]))
            z = 1 / (1 + np.exp(-new[H : 2 * H] - said[H : 2 * H]))
            if form == "before":
                heard = (r * old) @ W_hh[:, 2 * H :] + b_hn
            else:
                heard = r * said[2 * H :] + r * b_hn
            candidate = np.tanh(new[2 * H :] + heard)
            h[t, n] = candidate + ((1 - z) if turned else z) * (old - candidate)
    return h


def which_gru(x, h, W_xh, W_hh, b_h, b_hn):
    kinds = [(form, slider) for form in ("before", "after") for slider in ("takes", "keeps")]
    far = [
        np.mean((gru(x, h[0], W_xh, W_hh, b_h, b_hn, form, slider == "takes") - h[1:]) ** 2)
        for form, slider in kinds
    ]
    return list(kinds[int(np.argmin(far))])
