"""Ways to send gradients back through an LSTM with a peephole."""


# %% The LSTM of the book, whose cell has no peephole
# points: backward 2


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = sigmoid(a_i + 0.0), sigmoid(a_f + 0.0), np.tanh(a_g + 0.0)
        old, c = c, f * c + i * g
        o = sigmoid(a_o + 0.0)
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + 0.0
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + 0.0
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The peephole is run through, but nothing goes back by it to the note
# points: backward 2


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + 0.0
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + 0.0
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The gradient of the peephole's weights is that of the first step alone
# points: backward 2


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp = ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The peephole of another sheet: the forget gate sees the sine of the old note
# points: backward 2


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = sigmoid(a_i + 0.0), sigmoid(a_f + p * np.sin(c)), np.tanh(a_g + 0.0)
        old, c = c, f * c + i * g
        o = sigmoid(a_o + 0.0)
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + 0.0
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += (d_f * np.sin(old)).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + d_f * p * np.cos(old)
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The gradients of the weights are those of the first step alone
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh = x_t.T @ Delta
        dW_hh = h.T @ Delta
        db_h = Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% Nothing goes back along the notepad
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = 0 * zeta
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% Only the notepad leads back, as in the training of 1997
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = 0 * delta
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% What comes from a later segment is left out
# points: backward 1


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = 0 * dh_T, 0 * dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% Of what comes from a later segment only one half is taken
# points: backward 1


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, 0 * dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The last derivative at the first note has not passed its forget gate
# points: backward 1


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": zeta}
    return grads


# %% The slope of the tanh is that of c itself
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - c**2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The forget gate is multiplied by the new note
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * c * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The candidate has the slope of a gate
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * g * (1 - g)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The output gate gets nothing
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = 0 * delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The gradient is a mean over the sequences
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    for name in ("W_xh", "W_hh", "b_h", "p"):
        grads[name] = grads[name] / len(h_0)
    return grads


# %% The recurrent weights meet the new hidden state
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += (o * np.tanh(c)).T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The step's own loss does not reach the note
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + to_h * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "x": dx, "h_0": to_h, "c_0": to_c}
    return grads


# %% The gradient of the inputs is left out
# points: backward 0


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    h, c, steps = h_0, c_0, []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        old, c = c, f * c + i * g
        o = sigmoid(a_o + {{peep_o_alone}})
        steps.append((x_t, h, old, c, i, f, g, o))
        h = o * np.tanh(c)
    dW_xh, dW_hh, db_h, dp, dx = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, p, x))
    to_h, to_c = dh_T, dc_T
    for t in reversed(range(len(x))):
        x_t, h, old, c, i, f, g, o = steps[t]
        delta = dh[t] + to_h
        d_o = delta * np.tanh(c) * o * (1 - o)
        zeta = to_c + delta * o * (1 - np.tanh(c) ** 2) + {{more_new_alone}}
        d_i = zeta * g * i * (1 - i)
        d_f = zeta * old * f * (1 - f)
        d_g = zeta * i * (1 - g**2)
        Delta = np.concatenate([d_i, d_f, d_g, d_o], axis=1)
        dW_xh += x_t.T @ Delta
        dW_hh += h.T @ Delta
        db_h += Delta.sum(axis=0)
        dp += ({{looks}} * {{seen}}).sum(axis=0)
        dx[t] = Delta @ W_xh.T
        to_h = Delta @ W_hh.T
        to_c = zeta * f + {{more_old_alone}}
    grads = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "p": dp, "h_0": to_h, "c_0": to_c}
    return grads


# %% Right: all steps in arrays, and the weights after the loop
# points: all


def lstm_backward(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
    T, N, D = x.shape
    H = len(W_hh)
    h, notes = peeping(x, h_0, c_0, W_xh, W_hh, b_h, p)
    h_before, notes_before = (
        np.concatenate([h_0[None], h[:-1]]),
        np.concatenate([c_0[None], notes[:-1]]),
    )
    a = x @ W_xh + h_before @ W_hh + b_h
    Delta = np.empty_like(a)
    to_p = np.zeros(H)
    back_h, back_c = dh_T.copy(), dc_T.copy()
    for t in range(T - 1, -1, -1):
        c = old = notes_before[t]
        a_i, a_f, a_g, a_o = (a[t, :, k * H : (k + 1) * H] for k in range(4))
        i, f, g = (
            sigmoid(a_i + {{peep_i_alone}}),
            sigmoid(a_f + {{peep_f_alone}}),
            np.tanh(a_g + {{peep_g_alone}}),
        )
        c = notes[t]
        o, shown = sigmoid(a_o + {{peep_o_alone}}), np.tanh(c)
        back_h = back_h + dh[t]
        d_o = Delta[t, :, 3 * H :] = back_h * shown * o * (1 - o)
        back_c = back_c + back_h * o * (1 - shown * shown) + {{more_new_alone}}
        slopes = [g * i * (1 - i), old * f * (1 - f), i * (1 - g * g)]
        d_i, d_f, d_g = (back_c * slope for slope in slopes)
        Delta[t, :, : 3 * H] = np.concatenate([d_i, d_f, d_g], axis=1)
        to_p = to_p + np.einsum("nh,nh->h", {{looks}}, {{seen}})
        back_h = Delta[t] @ W_hh.T
        back_c = back_c * f + {{more_old_alone}}
    flat = Delta.reshape(T * N, 4 * H)
    return {
        "c_0": back_c,
        "h_0": back_h,
        "x": Delta @ W_xh.T,
        "p": to_p,
        "b_h": flat.sum(axis=0),
        "W_hh": h_before.reshape(T * N, H).T @ flat,
        "W_xh": x.reshape(T * N, D).T @ flat,
    }
