"""Ways to add up all paths."""

# %% Probabilities in the place of logarithms: a long recording has the probability 0
# points: paths 3


def ctc_loss(log_p, labels, blank):
    p, places = np.exp(log_p), [blank]
    for label in labels.tolist():
        places += [label, blank]
    alpha = np.zeros((len(p), len(places)))
    alpha[0, :2] = p[0, places[:2]]
    for t in range(1, len(p)):
        for s in range(len(places)):
            arrive = alpha[t - 1, s]
            if s >= 1:
                arrive += alpha[t - 1, s - 1]
            if s >= 2 and places[s] not in (blank, places[s - 2]):
                arrive += alpha[t - 1, s - 2]
            alpha[t, s] = arrive * p[t, places[s]]
    with np.errstate(divide="ignore"):
        return -np.log(alpha[-1, -2:].sum())


# %% The blank is taken for symbol 0
# points: paths 2


right_loss = ctc_loss


def ctc_loss(log_p, labels, blank):
    return right_loss(log_p, labels, 0)


# %% The blank between two equal labels is stepped over
# points: paths 2


def ctc_loss(log_p, labels, blank):
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    a = np.full(len(places), -np.inf)
    a[:2] = log_p[0, places[:2]]
    for t in range(1, len(log_p)):
        now = a.copy()
        now[1:] = np.logaddexp(now[1:], a[:-1])
        now[2:] = np.logaddexp(now[2:], np.where(places[2:] != blank, a[:-2], -np.inf))
        a = now + log_p[t, places]
    return -np.logaddexp.reduce(a[-2:])


# %% No blank is ever stepped over
# points: paths 0


def ctc_loss(log_p, labels, blank):
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    a = np.full(len(places), -np.inf)
    a[:2] = log_p[0, places[:2]]
    for t in range(1, len(log_p)):
        now = a.copy()
        now[1:] = np.logaddexp(now[1:], a[:-1])
        a = now + log_p[t, places]
    return -np.logaddexp.reduce(a[-2:])


# %% Steps of two from blank to blank, which leave out a label
# points: paths 0


def ctc_loss(log_p, labels, blank):
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    a = np.full(len(places), -np.inf)
    a[:2] = log_p[0, places[:2]]
    for t in range(1, len(log_p)):
        now = a.copy()
        now[1:] = np.logaddexp(now[1:], a[:-1])
        now[2:] = np.logaddexp(now[2:], a[:-2])
        a = now + log_p[t, places]
    return -np.logaddexp.reduce(a[-2:])


# %% A way has to end on the last blank
# points: paths 0


def ctc_loss(log_p, labels, blank):
    return -np.logaddexp.reduce([-np.inf, -right_on_blank(log_p, labels, blank)])


def right_on_blank(log_p, labels, blank):
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    jump = np.zeros(len(places), bool)
    jump[2:] = (places[2:] != blank) & (places[2:] != places[:-2])
    a = np.full(len(places), -np.inf)
    a[:2] = log_p[0, places[:2]]
    for t in range(1, len(log_p)):
        now = a.copy()
        now[1:] = np.logaddexp(now[1:], a[:-1])
        now[2:] = np.logaddexp(now[2:], np.where(jump[2:], a[:-2], -np.inf))
        a = now + log_p[t, places]
    return -a[-1]


# %% The likeliest path alone
# points: paths 0


def ctc_loss(log_p, labels, blank):
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    jump = np.zeros(len(places), bool)
    jump[2:] = (places[2:] != blank) & (places[2:] != places[:-2])
    a = np.full(len(places), -np.inf)
    a[:2] = log_p[0, places[:2]]
    for t in range(1, len(log_p)):
        now = a.copy()
        now[1:] = np.maximum(now[1:], a[:-1])
        now[2:] = np.maximum(now[2:], np.where(jump[2:], a[:-2], -np.inf))
        a = now + log_p[t, places]
    return -a[-2:].max()


# %% No labels at all are not thought of
# points: paths 3


right_loss = ctc_loss


def ctc_loss(log_p, labels, blank):
    return right_loss(log_p, labels, blank) if labels[-1] >= 0 else None


# %% The loss is divided by the number of frames
# points: paths 0


right_loss = ctc_loss


def ctc_loss(log_p, labels, blank):
    return right_loss(log_p, labels, blank) / (len(log_p) + 1)


# %% Right: a table of labels read so far, which is rescaled at every frame
# points: all


def ctc_loss(log_p, labels, blank):
    labels = labels.tolist()
    now, logarithm = {(0, True): 1.0}, 0.0  # labels begun, and whether the last frame was blank
    for row in log_p:
        p, after = np.exp(row), {}
        for (u, on_blank), mass in now.items():
            ways = [((u, True), blank)]
            if not on_blank:
                ways.append(((u, False), labels[u - 1]))
            if u < len(labels) and (on_blank or labels[u] != labels[u - 1]):
                ways.append(((u + 1, False), labels[u]))
            for key, symbol in ways:
                after[key] = after.get(key, 0.0) + mass * p[symbol]
        total = sum(after.values())
        if total == 0:
            return np.inf
        logarithm += np.log(total)
        now = {key: mass / total for key, mass in after.items() if mass > 0}
    end = now.get((len(labels), True), 0.0) + now.get((len(labels), False), 0.0)
    return np.inf if end == 0 else -(logarithm + np.log(end))
