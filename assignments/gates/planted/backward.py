"""Ways to send gradients back through an LSTM."""


# %% The gradients of the weights are those of the first step alone
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh = x_t.T @ Delta
        dW_hh = h.T @ Delta
        db_h = Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% Nothing goes back along the notepad
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = 0 * zeta
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% Only the notepad leads back, as in the training of 1997
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = 0 * delta
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% What comes from a later segment is left out
# points: backward 1


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = 0 * dh_T, 0 * dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% Of what comes from a later segment only one half is taken
# points: backward 1


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, 0 * dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The last derivative at the first note has not passed its forget gate
# points: backward 1


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": zeta}
    return grads


# %% The slope of the tanh is that of c itself
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - c_new**2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The forget gate is multiplied by the new note
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c_new * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The candidate has the slope of a gate
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * g * (1 - g)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The output gate gets nothing
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = 0 * delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The gradient is a mean over the sequences
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    for name in ("W_xh", "W_hh", "b_h"):
        grads[name] = grads[name] / len(h_0)
    return grads


# %% The recurrent weights meet the new hidden state
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += (o * np.tanh(c_new)).T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The step's own loss reaches the note by the output gate alone
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + to_h * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The gradient of the inputs is left out
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_new = f * c + i * g
        steps.append((x_t, h, c, c_new, i, f, g, o))
        h, c = o * np.tanh(c_new), c_new
    dW_xh, dW_hh, db_h, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, c, c_new, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        zeta = to_c + delta * o * (1 - np.tanh(c_new) ** 2)
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        d_o = delta * np.tanh(c_new) * o * (1 - o)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "h_0": to_h, "c_0": to_c}
    return grads


# %% Right: all steps in arrays, and the weights after the loop
# points: all


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, dh, dh_T, dc_T):
    T, N, D = x.shape
    H = len(W_hh)
    h, c = lstm(x, h_0, c_0, W_xh, W_hh, b_h, "ifgo")
    h_before, c_before = np.concatenate([h_0[None], h[:-1]]), np.concatenate([c_0[None], c[:-1]])
    a = x @ W_xh + h_before @ W_hh + b_h
    i, f, o = (sigmoid(a[..., k * H : (k + 1) * H]) for k in (0, 1, 3))
    g, shown = np.tanh(a[..., 2 * H : 3 * H]), np.tanh(c)
    Delta = np.empty_like(a)
    back_h, back_c = dh_T.copy(), dc_T.copy()
    for t in range(T - 1, -1, -1):
        back_h = back_h + dh[t]
        back_c = back_c + back_h * o[t] * (1 - shown[t] * shown[t])
        slopes = [
            g[t] * i[t] * (1 - i[t]),
            c_before[t] * f[t] * (1 - f[t]),
            i[t] * (1 - g[t] * g[t]),
        ]
        Delta[t, :, : 3 * H] = np.concatenate([back_c * slope for slope in slopes], axis=1)
        Delta[t, :, 3 * H :] = back_h * shown[t] * o[t] * (1 - o[t])
        back_h = Delta[t] @ W_hh.T
        back_c = back_c * f[t]
    flat = Delta.reshape(T * N, 4 * H)
    return {
        "c_0": back_c,
        "h_0": back_h,
        "x": Delta @ W_xh.T,
        "b_h": flat.sum(axis=0),
        "W_hh": h_before.reshape(T * N, H).T @ flat,
        "W_xh": x.reshape(T * N, D).T @ flat,
    }
