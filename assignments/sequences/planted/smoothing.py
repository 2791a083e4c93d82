"""Ways to smooth."""

# %% Every count starts at 1, as in the book
# points: smoothing 0


def smooth(C, P_1):
    return (C + 1) / (C.sum(axis=1, keepdims=True) + len(C))


# %% No smoothing at all, but for contexts that never occurred
# points: smoothing 0


def smooth(C, P_1):
    total = C.sum(axis=1, keepdims=True)
    return np.where(total > 0, C / np.maximum(total, 1), P_1)


# %% Divided by the sum of the column
# points: smoothing 0


def smooth(C, P_1):
    total = np.maximum(C.sum(axis=0, keepdims=True), 1)
    r = (C > 0).sum(axis=1, keepdims=True)
    return {{smoothed}}


# %% Different tokens before the second token, in place of after the context
# points: smoothing 0


def smooth(C, P_1):
    total = C.sum(axis=1, keepdims=True)
    occurred = total > 0
    total = np.maximum(total, 1)
    r = (C > 0).sum(axis=0, keepdims=True)
    return np.where(occurred, {{smoothed}}, P_1)


# %% The shorter model stands in a column, so that it speaks of the context
# points: smoothing 0


def smooth(C, P_1):
    total = C.sum(axis=1, keepdims=True)
    occurred = total > 0
    total, r = np.maximum(total, 1), (C > 0).sum(axis=1, keepdims=True)
    P_1 = P_1[:, None]
    return np.where(occurred, {{smoothed}}, P_1)


# %% Contexts that never occurred are forgotten
# points: smoothing 3


def smooth(C, P_1):
    total = C.sum(axis=1, keepdims=True)
    r = (C > 0).sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return {{smoothed}}


# %% The even guess in place of the shorter model after a context that never occurred
# points: smoothing 3


def smooth(C, P_1):
    total = C.sum(axis=1, keepdims=True)
    occurred = total > 0
    total, r = np.maximum(total, 1), (C > 0).sum(axis=1, keepdims=True)
    return np.where(occurred, {{smoothed}}, 1 / len(C))


# %% Another course's formula, with other numbers
# points: smoothing 2


def smooth(C, P_1):
    total = C.sum(axis=1, keepdims=True)
    r = (C > 0).sum(axis=1, keepdims=True)
    mixed = (C + r * P_1) / np.maximum(total + r, 1)
    return np.where(total > 0, mixed, P_1)


# %% The shorter model's word alone
# points: smoothing 0


def smooth(C, P_1):
    return np.tile(P_1, (len(C), 1))


# %% Right: a loop over the contexts
# points: all


def smooth(C, P_1):
    rows = []
    for row in C:
        total, r = row.sum(), np.count_nonzero(row)
        if total == 0:
            rows.append(P_1)
        else:
            C = row
            rows.append({{smoothed}})
    return np.array(rows)
