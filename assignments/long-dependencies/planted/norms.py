"""Ways to measure how much of a gradient arrives."""

# %% The matrix is not transposed
# points: norms 3


def log_lengths(h, W_hh, delta_T):
    T, N = len(h) - 1, len(delta_T)
    logs, total, delta = np.zeros((T + 1, N)), np.zeros(N), delta_T
    for t in range(T, -1, -1):
        length = np.sqrt((delta**2).sum(axis=1))
        alive = length > 0
        length = np.where(alive, length, 1.0)
        total = np.where(alive, total + np.log10(length), -np.inf)
        logs[t] = total
        delta = (delta / length[:, None] * (1 - h[t] ** 2)) @ W_hh
    return logs


# %% The slopes are those of the step before
# points: norms 3


def log_lengths(h, W_hh, delta_T):
    T, N = len(h) - 1, len(delta_T)
    logs, total, delta = np.zeros((T + 1, N)), np.zeros(N), delta_T
    for t in range(T, -1, -1):
        length = np.sqrt((delta**2).sum(axis=1))
        alive = length > 0
        length = np.where(alive, length, 1.0)
        total = np.where(alive, total + np.log10(length), -np.inf)
        logs[t] = total
        delta = (delta / length[:, None] * (1 - h[t - 1] ** 2)) @ W_hh.T
    return logs


# %% The slopes are left out
# points: norms 0


def log_lengths(h, W_hh, delta_T):
    T, N = len(h) - 1, len(delta_T)
    logs, total, delta = np.zeros((T + 1, N)), np.zeros(N), delta_T
    for t in range(T, -1, -1):
        length = np.sqrt((delta**2).sum(axis=1))
        total = total + np.log10(length)
        logs[t] = total
        delta = delta / length[:, None] @ W_hh.T
    return logs


# %% The natural logarithm
# points: norms 0


def log_lengths(h, W_hh, delta_T):
    T, N = len(h) - 1, len(delta_T)
    logs, total, delta = np.zeros((T + 1, N)), np.zeros(N), delta_T
    for t in range(T, -1, -1):
        length = np.sqrt((delta**2).sum(axis=1))
        alive = length > 0
        length = np.where(alive, length, 1.0)
        total = np.where(alive, total + np.log(length), -np.inf)
        logs[t] = total
        delta = (delta / length[:, None] * (1 - h[t] ** 2)) @ W_hh.T
    return logs


# %% The gradient itself is kept, until it is too small or too large for a float
# points: norms 2


def log_lengths(h, W_hh, delta_T):
    deltas = [delta_T]
    with np.errstate(all="ignore"):
        for h_t in h[:0:-1]:
            deltas.append((deltas[-1] * (1 - h_t**2)) @ W_hh.T)
        return np.log10(np.linalg.norm(np.stack(deltas[::-1]), axis=2))


# %% One length for all rows together
# points: norms 1


def log_lengths(h, W_hh, delta_T):
    T, N = len(h) - 1, len(delta_T)
    logs, total, delta = np.zeros((T + 1, N)), 0.0, delta_T
    for t in range(T, -1, -1):
        length = np.sqrt((delta**2).sum())
        total += np.log10(length)
        logs[t] = total
        delta = (delta / length * (1 - h[t] ** 2)) @ W_hh.T
    return logs


# %% Where nothing arrives stands a very small number
# points: norms 3


def log_lengths(h, W_hh, delta_T):
    T, N = len(h) - 1, len(delta_T)
    logs, total, delta = np.zeros((T + 1, N)), np.zeros(N), delta_T
    for t in range(T, -1, -1):
        length = np.maximum(np.sqrt((delta**2).sum(axis=1)), 1e-300)
        total = total + np.log10(length)
        logs[t] = total
        delta = (delta / length[:, None] * (1 - h[t] ** 2)) @ W_hh.T
    return logs


# %% The lengths come in the order in which the gradient goes
# points: norms 0


def log_lengths(h, W_hh, delta_T):
    logs, total, delta = [], np.zeros(len(delta_T)), delta_T
    for h_t in h[::-1]:
        length = np.sqrt((delta**2).sum(axis=1))
        alive = length > 0
        length = np.where(alive, length, 1.0)
        total = np.where(alive, total + np.log10(length), -np.inf)
        logs.append(total)
        delta = (delta / length[:, None] * (1 - h_t**2)) @ W_hh.T
    return np.stack(logs)


# %% The power is taken of the eigenvalue, and the slopes are forgotten
# points: norms 4


def left():
    return {{steps}} * np.log10({{near}} + {{cross}}) + np.log10(np.sqrt(2) / 2)


# %% The slope is that of one step, whatever the number of steps
# points: norms 4


def left():
    return np.log10(1 - {{state}} ** 2) + {{steps}} * np.log10({{near}} + {{cross}})


# %% Right: exponents of two are counted, and the sheet's network is done with a pencil
# points: all


def log_lengths(h, W_hh, delta_T):
    delta, count = delta_T.copy(), np.zeros(len(delta_T))
    out = np.empty((len(h), len(delta_T)))
    for t in reversed(range(len(h))):
        exponent = np.frexp(np.abs(delta).max(axis=1))[1]
        delta = delta * 0.5 ** exponent[:, None]
        count = count + exponent
        with np.errstate(divide="ignore"):
            out[t] = np.log10(np.linalg.norm(delta, axis=1)) + count * np.log10(2)
        delta = delta * (1 - h[t] * h[t]) @ W_hh.T
    return out


def left():
    grows = (1 - {{state}} ** 2) * ({{near}} + {{cross}})
    return float({{steps}} * np.log10(grows) - np.log10(2) / 2)
