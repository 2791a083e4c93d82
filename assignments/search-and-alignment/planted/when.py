"""Ways to find the times."""

# %% The likeliest symbol of each frame
# points: when 0


def spans(log_p, labels, blank):
    found, before = [], blank
    for t, v in enumerate(log_p.argmax(axis=1).tolist()):
        if v != blank and v != before:
            found.append([t, t])
        elif v != blank:
            found[-1][1] = t
        before = v
    return np.array(found, dtype=np.int64).reshape(-1, 2)


# %% The label with the largest share at each frame, over all paths
# points: when 1


def spans(log_p, labels, blank):
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels

    def forward(y, places):
        a = np.full(y.shape, -np.inf)
        a[0, :2] = y[0, :2]
        jump = (places[2:] != blank) & (places[2:] != places[:-2])
        for t in range(1, len(y)):
            a[t] = a[t - 1]
            a[t, 1:] = np.logaddexp(a[t, 1:], a[t - 1, :-1])
            a[t, 2:] = np.logaddexp(a[t, 2:], np.where(jump, a[t - 1, :-2], -np.inf))
            a[t] += y[t]
        return a

    y = log_p[:, places]
    share = forward(y, places) + forward(y[::-1, ::-1], places[::-1])[::-1, ::-1] - y
    on = share.argmax(axis=1)
    found = [np.flatnonzero(on == 2 * i + 1) for i in range(len(labels))]
    found = [[f[0], f[-1]] if len(f) else [0, 0] for f in found]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


# %% Each label is given one frame, its first
# points: when 0


right_spans = spans


def spans(log_p, labels, blank):
    return right_spans(log_p, labels, blank)[:, [0, 0]]


# %% The frame after the last one
# points: when 0


right_spans = spans


def spans(log_p, labels, blank):
    return right_spans(log_p, labels, blank) + np.array([0, 1])


# %% Frames counted from 1
# points: when 0


right_spans = spans


def spans(log_p, labels, blank):
    return right_spans(log_p, labels, blank) + 1


# %% The best next step is always taken, without a way back
# points: when 1


def spans(log_p, labels, blank):
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    on, s = [], 0
    for t in range(len(log_p)):
        least = len(places) - 2 * (len(log_p) - t)  # else the end is out of reach
        ways = [r for r in (s, s + 1, s + 2) if max(0, least) <= r < len(places)]
        if t == 0:
            ways = [r for r in (0, 1) if r < len(places)]
        ways = ways or [s]
        s = max(ways, key=lambda r: log_p[t, places[r]])
        on.append(s)
    found = [np.flatnonzero(np.array(on) == 2 * i + 1) for i in range(len(labels))]
    found = [[f[0], f[-1]] if len(f) else [0, 0] for f in found]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


# %% The blank between two equal labels is stepped over
# points: when 1


def spans(log_p, labels, blank):
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    T, S = len(log_p), len(places)
    best, came = np.full((T, S), -np.inf), np.zeros((T, S), dtype=np.int64)
    best[0, :2] = log_p[0, places[:2]]
    for t in range(1, T):
        for s in range(S):
            jump = s >= 2 and places[s] != blank
            ways = [best[t - 1, s - d] for d in range(1 + min(s, 1) + jump)]
            came[t, s] = np.argmax(ways)
            best[t, s] = max(ways) + log_p[t, places[s]]
    s = S - 2 if S > 1 and best[-1, S - 2] > best[-1, S - 1] else S - 1
    on = np.zeros(T, dtype=np.int64)
    for t in reversed(range(T)):
        on[t] = s
        s -= came[t, s]
    found = [np.flatnonzero(on == 2 * i + 1) for i in range(len(labels))]
    return np.array([[f[0], f[-1]] for f in found], dtype=np.int64).reshape(-1, 2)


# %% The way back begins at the last blank
# points: when 0


def spans(log_p, labels, blank):
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    T, S = len(log_p), len(places)
    best, came = np.full((T, S), -np.inf), np.zeros((T, S), dtype=np.int64)
    best[0, :2] = log_p[0, places[:2]]
    for t in range(1, T):
        for s in range(S):
            jump = s >= 2 and places[s] not in (blank, places[s - 2])
            ways = [best[t - 1, s - d] for d in range(1 + min(s, 1) + jump)]
            came[t, s] = np.argmax(ways)
            best[t, s] = max(ways) + log_p[t, places[s]]
    s, on = S - 1, np.zeros(T, dtype=np.int64)
    for t in reversed(range(T)):
        on[t] = s
        s -= came[t, s]
    found = [np.flatnonzero(on == 2 * i + 1) for i in range(len(labels))]
    found = [[f[0], f[-1]] if len(f) else [0, 0] for f in found]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


# %% Right: the best way to each place is carried along as a list
# points: all


def spans(log_p, labels, blank):
    places = [blank]
    for label in labels.tolist():
        places += [label, blank]
    ways = {s: (log_p[0, places[s]], [s]) for s in range(min(2, len(places)))}
    for row in log_p[1:]:
        after = {}
        for s, (q, way) in ways.items():
            for d in (0, 1, 2):
                r = s + d
                if r >= len(places) or (d == 2 and (places[r] == blank or places[r] == places[s])):
                    continue
                if r not in after or q + row[places[r]] > after[r][0]:
                    after[r] = (q + row[places[r]], [*way, r])
        ways = after
    ends = [ways[s] for s in (len(places) - 1, len(places) - 2) if s in ways]
    way = max(ends, key=lambda end: end[0])[1]
    found = [[way.index(s), len(way) - 1 - way[::-1].index(s)] for s in range(1, len(places), 2)]
    return np.array(found, dtype=np.int64).reshape(-1, 2)
