"""Ways to wire a machine. The description says what is wrong with the weights of the sheet."""

# %% The recurrent matrix is transposed
# points: wire 0

wired_rightly = wire


def wire(table, beta):
    W_xh, W_hh, b_h, h_0 = wired_rightly(table, beta)
    return W_xh, W_hh.T.copy(), b_h, h_0


# %% The bias is that for switches with the values 0 and 1
# points: wire 0

wired_rightly = wire


def wire(table, beta):
    W_xh, W_hh, b_h, h_0 = wired_rightly(table, beta)
    return W_xh, W_hh, np.full(len(b_h), -1.5 * beta), h_0


# %% The network starts with zeros
# points: wire 0

wired_rightly = wire


def wire(table, beta):
    W_xh, W_hh, b_h, h_0 = wired_rightly(table, beta)
    return W_xh, W_hh, b_h, 0 * h_0


# %% At the start all switches are off
# points: wire 0

wired_rightly = wire


def wire(table, beta):
    W_xh, W_hh, b_h, h_0 = wired_rightly(table, beta)
    return W_xh, W_hh, b_h, -np.ones(len(h_0))


# %% At the start a switch of state 0 is on, not one that leads to it
# points: wire 0

wired_rightly = wire


def wire(table, beta):
    W_xh, W_hh, b_h, h_0 = wired_rightly(table, beta)
    h_0 = -np.ones(len(h_0))
    h_0[table[0].argmax()] = 1
    return W_xh, W_hh, b_h, h_0


# %% A switch hears those of its own state, not those whose pair leads to it
# points: wire 0


def wire(table, beta):
    S, D = table.shape
    own = np.kron(np.eye(S), np.ones((D, D)))
    h_0 = -np.ones(S * D)
    h_0[0] = 1
    return (
        np.tile(beta * np.eye(D), (1, S)),
        beta / 2 * own,
        np.full(S * D, beta * (D / 2 - 1.5)),
        h_0,
    )


# %% The threshold lies below 1: one of the two is enough
# points: wire 0

wired_rightly = wire


def wire(table, beta):
    W_xh, W_hh, b_h, h_0 = wired_rightly(table, beta)
    return W_xh, W_hh, b_h + beta, h_0


# %% The gain is missing
# points: wire 0

wired_rightly = wire


def wire(table, beta):
    return wired_rightly(table, 1.0)


# %% The readout asks for the state before the step
# points: wire 4


def readout(table, on):
    S, D = table.shape
    there = np.isin(np.repeat(np.arange(S), D), on)
    return there[:, None] / 2, there.sum() / 2 - 0.5


# %% The readout has no bias
# points: wire 4


def readout(table, on):
    return np.isin(table.reshape(-1), on)[:, None] / 2, 0.0


# %% The readout's bias is that for switches with the values 0 and 1
# points: wire 4


def readout(table, on):
    return np.isin(table.reshape(-1), on)[:, None] * 1.0, -0.5


# %% The readout takes the first state of the list alone
# points: wire 4


def readout(table, on):
    there = table.reshape(-1) == on[0]
    return there[:, None] / 2, there.sum() / 2 - 0.5


# %% Right: symbols first in the order of the switches, matrices without a loop, a louder readout
# points: all


def wire(table, beta):
    S, D = table.shape
    leads = table.T.reshape(-1)[:, None] == np.tile(np.arange(S), D)  # to the state of the column
    h_0 = -np.ones(S * D)
    h_0[np.flatnonzero(table.T.reshape(-1) == 0)[-1]] = 1
    W_xh = beta * np.repeat(np.eye(D), S, axis=1)
    return W_xh, beta / 2 * leads, beta * (leads.sum(axis=0) / 2 - 1.5), h_0


def readout(table, on):
    there = sum((table.T.reshape(-1) == s for s in on), np.zeros(table.size)).astype(float)
    return 3 * there[:, None], np.array([3 * there.sum() - 3])
