"""Ways to go back through the grid."""

# %% The shares without the prediction: the gradient at the log-probabilities
# points: gradient 0

right_gradient = ctc_gradient


def ctc_gradient(u, labels, blank):
    loss, du = right_gradient(u, labels, blank)
    p = np.exp(u - u.max(axis=1, keepdims=True))
    return loss, du - p / p.sum(axis=1, keepdims=True)


# %% Target minus prediction
# points: gradient 0


right_gradient = ctc_gradient


def ctc_gradient(u, labels, blank):
    loss, du = right_gradient(u, labels, blank)
    return loss, -du


# %% The shares of the blank's places are not added up: the last one stays
# points: gradient 0


def grids(u, labels, blank):
    u = u - u.max(axis=1, keepdims=True)
    log_p = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels

    def forward(y, places):
        a = np.full(y.shape, -np.inf)
        a[0, :2] = y[0, :2]
        for t in range(1, len(y)):
            a[t] = a[t - 1]
            a[t, 1:] = np.logaddexp(a[t, 1:], a[t - 1, :-1])
            jump = (places[2:] != blank) & (places[2:] != places[:-2])
            a[t, 2:] = np.logaddexp(a[t, 2:], np.where(jump, a[t - 1, :-2], -np.inf))
            a[t] += y[t]
        return a

    y = log_p[:, places]
    alpha = forward(y, places)
    beta = forward(y[::-1, ::-1], places[::-1])[::-1, ::-1]  # with the probability of frame t
    return log_p, places, y, alpha, beta, -np.logaddexp.reduce(alpha[-1, -2:])


def ctc_gradient(u, labels, blank):
    log_p, places, y, alpha, beta, loss = grids(u, labels, blank)
    omega = np.zeros_like(log_p)
    omega[:, places] = np.exp(alpha + beta - y + loss)
    return loss, np.exp(log_p) - omega


# %% The probability of a frame is counted twice, in α and in β
# points: gradient 0


def grids(u, labels, blank):
    u = u - u.max(axis=1, keepdims=True)
    log_p = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels

    def forward(y, places):
        a = np.full(y.shape, -np.inf)
        a[0, :2] = y[0, :2]
        for t in range(1, len(y)):
            a[t] = a[t - 1]
            a[t, 1:] = np.logaddexp(a[t, 1:], a[t - 1, :-1])
            jump = (places[2:] != blank) & (places[2:] != places[:-2])
            a[t, 2:] = np.logaddexp(a[t, 2:], np.where(jump, a[t - 1, :-2], -np.inf))
            a[t] += y[t]
        return a

    y = log_p[:, places]
    alpha = forward(y, places)
    beta = forward(y[::-1, ::-1], places[::-1])[::-1, ::-1]
    return log_p, places, y, alpha, beta, -np.logaddexp.reduce(alpha[-1, -2:])


def ctc_gradient(u, labels, blank):
    log_p, places, y, alpha, beta, loss = grids(u, labels, blank)
    omega = np.zeros_like(log_p)
    np.add.at(omega.T, places, np.exp(alpha + beta + loss).T)
    return loss, np.exp(log_p) - omega


# %% The shares are not divided by the probability of the labels
# points: gradient 0


right_gradient = ctc_gradient


def ctc_gradient(u, labels, blank):
    loss, du = right_gradient(u, labels, blank)
    p = np.exp(u - u.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return loss, p - (p - du) * np.exp(-loss)


# %% The softmax overflows
# points: gradient 2


right_gradient = ctc_gradient


def ctc_gradient(u, labels, blank):
    return right_gradient(np.log(np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)), labels, blank)


# %% Probabilities in the place of logarithms: a long recording has the probability 0
# points: gradient 2


def ctc_gradient(u, labels, blank):
    p = np.exp(u - u.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    jump = np.zeros(len(places), bool)
    jump[2:] = (places[2:] != blank) & (places[2:] != places[:-2])
    y = p[:, places]
    alpha, beta = np.zeros(y.shape), np.zeros(y.shape)
    alpha[0, :2], beta[-1, -2:] = y[0, :2], 1.0
    for t in range(1, len(y)):
        alpha[t] = alpha[t - 1]
        alpha[t, 1:] += alpha[t - 1, :-1]
        alpha[t, 2:] += jump[2:] * alpha[t - 1, :-2]
        alpha[t] *= y[t]
    for t in reversed(range(len(y) - 1)):
        after = beta[t + 1] * y[t + 1]
        beta[t] = after
        beta[t, :-1] += after[1:]
        beta[t, :-2] += jump[2:] * after[2:]
    total, omega = alpha[-1, -2:].sum(), np.zeros_like(p)
    np.add.at(omega.T, places, (alpha * beta).T)
    return -np.log(total), p - omega / total


# %% The target is the likeliest symbol of each frame
# points: gradient 0


right_gradient = ctc_gradient


def ctc_gradient(u, labels, blank):
    p = np.exp(u - u.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return right_gradient(u, labels, blank)[0], p - np.eye(u.shape[1])[u.argmax(axis=1)]


# %% Right: the way back is the way forward of the reversed recording
# points: all


def ctc_gradient(u, labels, blank):
    u = u - u.max(axis=1, keepdims=True)
    log_p = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
    places = [blank]
    for label in labels.tolist():
        places += [label, blank]
    places = np.array(places)

    def forward(y, places):
        a = np.full(y.shape, -np.inf)
        a[0, :2] = y[0, :2]
        jump = (places[2:] != blank) & (places[2:] != places[:-2])
        for t in range(1, len(y)):
            ways = np.full((3, y.shape[1]), -np.inf)
            ways[0] = a[t - 1]
            ways[1, 1:] = a[t - 1, :-1]
            ways[2, 2:] = np.where(jump, a[t - 1, :-2], -np.inf)
            a[t] = np.logaddexp.reduce(ways, axis=0) + y[t]
        return a

    y = log_p[:, places]
    alpha, beta = forward(y, places), forward(y[::-1, ::-1], places[::-1])[::-1, ::-1]
    log_total = np.logaddexp.reduce(alpha[-1, -2:])
    omega = np.exp(alpha + beta - y - log_total) @ np.eye(u.shape[1])[places]
    return -log_total, np.exp(log_p) - omega
