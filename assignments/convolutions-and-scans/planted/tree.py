"""Ways to find all prefixes."""

# %% The later card acts first
# points: tree 0, tank 2


def prefixes(join, cards):
    T = len(cards[0])
    if T == 1:
        return cards
    m = T // 2
    pairs = join(tuple(a[1::2] for a in cards), tuple(a[0 : 2 * m : 2] for a in cards))
    odd = prefixes(join, pairs)
    found = tuple(a.copy() for a in cards)
    for a, b in zip(found, odd):
        a[1::2] = b
    if T > 2:
        even = join(tuple(a[2::2] for a in cards), tuple(a[: (T - 1) // 2] for a in odd))
        for a, b in zip(found, even):
            a[2::2] = b
    return found


# %% Only on the way down the order is wrong
# points: tree 0, tank 2


def prefixes(join, cards):
    T = len(cards[0])
    if T == 1:
        return cards
    m = T // 2
    pairs = join(tuple(a[0 : 2 * m : 2] for a in cards), tuple(a[1::2] for a in cards))
    odd = prefixes(join, pairs)
    found = tuple(a.copy() for a in cards)
    for a, b in zip(found, odd):
        a[1::2] = b
    if T > 2:
        even = join(tuple(a[2::2] for a in cards), tuple(a[: (T - 1) // 2] for a in odd))
        for a, b in zip(found, even):
            a[2::2] = b
    return found


# %% Step by step
# points: tree 2


def prefixes(join, cards):
    found = [tuple(a[:1] for a in cards)]
    for t in range(1, len(cards[0])):
        found.append(join(found[-1], tuple(a[t : t + 1] for a in cards)))
    return tuple(np.concatenate(a) for a in zip(*found))


# %% Every state at every round: few rounds, but too many pairs
# points: tree 2


def prefixes(join, cards):
    cards, apart = tuple(a.copy() for a in cards), 1
    while apart < len(cards[0]):
        joined = join(tuple(a[:-apart] for a in cards), tuple(a[apart:] for a in cards))
        for a, b in zip(cards, joined):
            a[apart:] = b
        apart *= 2
    return cards


# %% Only for powers of two: the last card of an odd number is lost
# points: tree 0, tank 2


def prefixes(join, cards):
    T = len(cards[0])
    if T == 1:
        return cards
    first, second = tuple(a[::2] for a in cards), tuple(a[1::2] for a in cards)
    odd = prefixes(join, join(first, second))
    found = tuple(a.copy() for a in cards)
    for a, b in zip(found, odd):
        a[1::2] = b
    if T > 2:
        even = join(tuple(a[:-1] for a in odd), tuple(a[1:] for a in first))
        for a, b in zip(found, even):
            a[2::2] = b
    return found


# %% Entry t is the join of the cards before t
# points: tree 0, tank 2


def prefixes(join, cards):
    T = len(cards[0])
    found = [tuple(a[:1] for a in cards)]
    for t in range(1, T):
        found.append(join(found[-1], tuple(a[t : t + 1] for a in cards)))
    shifted = [found[0], *found[:-1]]
    return tuple(np.concatenate(a) for a in zip(*shifted))


# %% Nothing for a single card: the tree never ends
# points: tree 1, tank 2


def prefixes(join, cards):
    T = len(cards[0])
    m = T // 2
    pairs = join(tuple(a[0 : 2 * m : 2] for a in cards), tuple(a[1::2] for a in cards))
    odd = pairs if T in (2, 3) else prefixes(join, pairs)
    found = tuple(a.copy() for a in cards)
    for a, b in zip(found, odd):
        a[1::2] = b
    if T > 2:
        even = join(tuple(a[: (T - 1) // 2] for a in odd), tuple(a[2::2] for a in cards))
        for a, b in zip(found, even):
            a[2::2] = b
    if T == 1:
        raise IndexError("there is no pair")
    return found


# %% Cards are taken to be a sum and a product
# points: tree 0, tank 2


def prefixes(join, cards):
    add, keep = cards
    found = [(add[0], keep[0])]
    for t in range(1, len(add)):
        found.append((add[t] + keep[t] * found[-1][0], keep[t] * found[-1][1]))
    return tuple(np.stack(a) for a in zip(*found))


# %% Whole numbers become floats
# points: tree 0


def prefixes(join, cards):
    found = [tuple(a[:1] for a in cards)]
    for t in range(1, len(cards[0])):
        found.append(join(found[-1], tuple(a[t : t + 1] for a in cards)))
    return tuple(np.concatenate(a).astype(float) for a in zip(*found))


# %% Right: up and down without recursion
# points: all


def prefixes(join, cards):
    T = len(cards[0])
    rows = [tuple(cards)]
    while len(rows[-1][0]) > 1:
        top = rows[-1]
        m = len(top[0]) // 2
        rows.append(join(tuple(a[: 2 * m : 2] for a in top), tuple(a[1 : 2 * m : 2] for a in top)))
    found = [a.copy() for a in rows.pop()]
    while rows:
        row = rows.pop()
        wider = [a.copy() for a in row]
        for a, b in zip(wider, found):
            a[1::2] = b
        n = len(row[0][2::2])
        if n:
            even = join(tuple(a[:n] for a in found), tuple(a[2::2] for a in row))
            for a, b in zip(wider, even):
                a[2::2] = b
        found = wider
    return tuple(found)


# %% Right: filled up to a power of two with cards that nobody looks at
# points: all


def prefixes(join, cards):
    T = len(cards[0])
    full = 1
    while full < T:
        full *= 2

    def tree(cards):
        if len(cards[0]) == 1:
            return cards
        first, second = ([a[k::2] for a in cards] for k in (0, 1))
        odd = tree(join(tuple(first), tuple(second)))
        even = [a[:1] for a in cards]
        if len(first[0]) > 1:
            later = join(tuple(a[:-1] for a in odd), tuple(a[1:] for a in first))
            even = [np.concatenate(pair) for pair in zip(even, later)]
        return tuple(
            np.stack([a, b], axis=1).reshape(len(a) * 2, *a.shape[1:]) for a, b in zip(even, odd)
        )

    filled = tuple(np.concatenate([a, np.repeat(a[-1:], full - T, axis=0)]) for a in cards)
    return tuple(a[:T] for a in tree(filled))


# %% The two ways of joining are guessed, and join is never asked
# points: tree 0 tank 2


def prefixes(join, cards):
    done = [tuple(a[:1] for a in cards)]
    for t in range(1, len(cards[0])):
        p, q = done[-1], tuple(a[t : t + 1] for a in cards)
        guess = (q[0] + q[1] * p[0], q[1] * p[1]) if len(cards) == 2 else None
        done.append(guess or (np.take_along_axis(q[0], p[0], axis=1),))
    return tuple(np.concatenate(column) for column in zip(*done))
