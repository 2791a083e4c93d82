"""Ways to count pairs."""

# %% Pairs are cut out side by side, so that every second one is missed
# points: pairs 1


def pair_counts(ids, V):
    C = np.zeros((V, V), dtype=np.int64)
    for i in range(0, len(ids) - 1, 2):
        C[ids[i], ids[i + 1]] += 1
    return C


# %% A pair that occurs several times is counted once
# points: pairs 1


def pair_counts(ids, V):
    C = np.zeros((V, V), dtype=np.int64)
    C[ids[:-1], ids[1:]] += 1
    return C


# %% The context is the column
# points: pairs 0


def pair_counts(ids, V):
    C = np.zeros((V, V), dtype=np.int64)
    np.add.at(C, (ids[1:], ids[:-1]), 1)
    return C


# %% The end is joined to the beginning
# points: pairs 0


def pair_counts(ids, V):
    C = np.zeros((V, V), dtype=np.int64)
    np.add.at(C, (ids, np.roll(ids, -1)), 1)
    return C


# %% The last pair is forgotten
# points: pairs 0


def pair_counts(ids, V):
    C = np.zeros((V, V), dtype=np.int64)
    for i in range(len(ids) - 2):
        C[ids[i], ids[i + 1]] += 1
    return C


# %% Only tokens that occur get a row
# points: pairs 2


def pair_counts(ids, V):
    V = max(ids) + 1
    C = np.zeros((V, V), dtype=np.int64)
    np.add.at(C, (ids[:-1], ids[1:]), 1)
    return C


# %% Token and token itself: the target is not shifted
# points: pairs 0


def pair_counts(ids, V):
    C = np.zeros((V, V), dtype=np.int64)
    np.add.at(C, (ids, ids), 1)
    return C


# %% Counts are not whole numbers
# points: pairs 0


def pair_counts(ids, V):
    C = np.zeros((V, V))
    np.add.at(C, (ids[:-1], ids[1:]), 1)
    return C


# %% Right: each pair packed into one number
# points: all


def pair_counts(ids, V):
    packed = ids[:-1] * V + ids[1:]
    return np.bincount(packed, minlength=V * V).reshape(V, V)
