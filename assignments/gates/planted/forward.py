"""Ways to run an LSTM."""


# %% The blocks always stand in the book's order
# points: forward 3


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0, c_0
    states, cells = [], []
    for x_t in x:
        a = dict(zip("ifgo", np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)))
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        c = f * c + i * np.tanh(a["g"])
        h = o * np.tanh(c)
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)


# %% What is shown goes through no tanh
# points: forward 1


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0, c_0
    states, cells = [], []
    for x_t in x:
        a = dict(zip(order, np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)))
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        c = f * c + i * np.tanh(a["g"])
        h = o * c
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)


# %% The forget gate wipes at 1
# points: forward 1


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0, c_0
    states, cells = [], []
    for x_t in x:
        a = dict(zip(order, np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)))
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        c = (1 - f) * c + i * np.tanh(a["g"])
        h = o * np.tanh(c)
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)


# %% The candidate is a gate, too
# points: forward 1


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0, c_0
    states, cells = [], []
    for x_t in x:
        a = dict(zip(order, np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)))
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        c = f * c + i * sigmoid(a["g"])
        h = o * np.tanh(c)
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)


# %% What is shown is the old note
# points: forward 1


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0, c_0
    states, cells = [], []
    for x_t in x:
        a = dict(zip(order, np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)))
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        before = c
        c = f * c + i * np.tanh(a["g"])
        h = o * np.tanh(before)
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)


# %% One half of the state is not taken along
# points: forward 1


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0, np.zeros_like(c_0)
    states, cells = [], []
    for x_t in x:
        a = dict(zip(order, np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)))
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        c = f * c + i * np.tanh(a["g"])
        h = o * np.tanh(c)
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)


# %% A tanh squashes the note at every step
# points: forward 1


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0, c_0
    states, cells = [], []
    for x_t in x:
        a = dict(zip(order, np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)))
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        c = f * np.tanh(c) + i * np.tanh(a["g"])
        h = o * np.tanh(c)
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)


# %% Only the last states come back
# points: forward 1


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0, c_0
    states, cells = [], []
    for x_t in x:
        a = dict(zip(order, np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)))
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        c = f * c + i * np.tanh(a["g"])
        h = o * np.tanh(c)
        states.append(h)
        cells.append(c)
    return h, c


# %% All is computed in float64
# points: forward 3


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0.astype(float), c_0.astype(float)
    states, cells = [], []
    for x_t in x:
        a = dict(zip(order, np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)))
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        c = f * c + i * np.tanh(a["g"])
        h = o * np.tanh(c)
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)


# %% The order is read the other way round, as if it said where each block of the book goes
# points: forward 3


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    h, c = h_0, c_0
    states, cells = [], []
    for x_t in x:
        parts = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        a = {gate: parts["ifgo".index(place)] for gate, place in zip("ifgo", order)}
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        c = f * c + i * np.tanh(a["g"])
        h = o * np.tanh(c)
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)


# %% The gate minus 1 has lost its digits
# points: forward 4


def keeping_bias(share, steps):
    f = share ** (1 / steps)
    with np.errstate(divide="ignore"):
        return float(np.log(f / np.float64(1 - f)))


# %% The share is taken of one step
# points: forward 4


def keeping_bias(share, steps):
    return float(np.log(share / (1 - share)) * steps)


# %% The bias makes the gate forget
# points: forward 4


def keeping_bias(share, steps):
    p = np.log(share) / steps
    return float(np.log(-np.expm1(p)) - p)


# %% Right: one place in an array after the other, and the blocks put into order first
# points: all


def lstm(x, h_0, c_0, W_xh, W_hh, b_h, order):
    T, N, D = x.shape
    H = h_0.shape[1]
    columns = np.concatenate([np.arange(H) + order.index(gate) * H for gate in "ifog"])
    W = np.concatenate([W_xh, W_hh])[:, columns]
    h, c = np.empty((T + 1, N, H), x.dtype), np.empty((T + 1, N, H), x.dtype)
    h[0], c[0] = h_0, c_0
    for t in range(T):
        a = np.concatenate([x[t], h[t]], axis=1) @ W + b_h[columns]
        gates = sigmoid(a[:, : 3 * H])
        new = np.tanh(a[:, 3 * H :])
        c[t + 1] = c[t] * gates[:, H : 2 * H] + new * gates[:, :H]
        h[t + 1] = np.tanh(c[t + 1]) * gates[:, 2 * H :]
    return h[1:], c[1:]


def keeping_bias(share, steps):
    nearly = -np.log(share) / steps
    return -float(np.log(np.expm1(nearly)))
