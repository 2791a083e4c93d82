"""Ways to remember a code."""

# %% A wrong key throws everything away
# points: lock 0


def lock(code, D):
    L = len(code)

    def longest(keys):
        return 0

    table = np.zeros((L + 1, D), dtype=np.int64)
    for s in range(L):
        table[s, code[s]] = s + 1
    table[L] = {{open_row}}
    table[:, {{special}}] = {{special_column}}
    return table


# %% A wrong key throws everything away, but for one that begins the code
# points: lock 1


def lock(code, D):
    L = len(code)

    def longest(keys):
        return int(keys[-1] == code[0])

    table = np.zeros((L + 1, D), dtype=np.int64)
    for s in range(L):
        table[s] = [longest([k]) for k in range(D)]
        table[s, code[s]] = s + 1
    table[L] = {{open_row}}
    table[:, {{special}}] = {{special_column}}
    return table


# %% The shortest beginning that fits, where there are several
# points: lock 1


def lock(code, D):
    L = len(code)

    def longest(keys):
        if len(keys) <= L and keys == code[: len(keys)]:
            return len(keys)
        return min(
            [n for n in range(1, L) if keys[-n:] == code[:n]], default=int(keys[-1:] == code)
        )

    table = np.array([[longest(code[:s] + [k]) for k in range(D)] for s in range(L + 1)])
    table[L] = {{open_row}}
    table[:, {{special}}] = {{special_column}}
    return table


# %% The open door follows the other rule
# points: lock 2


def lock(code, D):
    L = len(code)

    def longest(keys):
        return max([n for n in range(1, L + 1) if keys[-n:] == code[:n]], default=0)

    table = np.array([[longest(code[:s] + [k]) for k in range(D)] for s in range(L + 1)])
    table[L] = {{other_open_row}}
    table[:, {{special}}] = {{special_column}}
    return table


# %% The special key is a wrong key like others
# points: lock 2


def lock(code, D):
    L = len(code)

    def longest(keys):
        return max([n for n in range(1, L + 1) if keys[-n:] == code[:n]], default=0)

    table = np.array([[longest(code[:s] + [k]) for k in range(D)] for s in range(L + 1)])
    table[L] = {{open_row}}
    return table


# %% Another key is the special one
# points: lock 2


def lock(code, D):
    L = len(code)

    def longest(keys):
        return max([n for n in range(1, L + 1) if keys[-n:] == code[:n]], default=0)

    table = np.array([[longest(code[:s] + [k]) for k in range(D)] for s in range(L + 1)])
    table[L] = {{open_row}}
    table[:, {{other_special}}] = {{special_column}}
    return table


# %% The special key follows the other rule
# points: lock 2


def lock(code, D):
    L = len(code)

    def longest(keys):
        return max([n for n in range(1, L + 1) if keys[-n:] == code[:n]], default=0)

    table = np.array([[longest(code[:s] + [k]) for k in range(D)] for s in range(L + 1)])
    table[L] = {{open_row}}
    table[:, {{special}}] = {{other_special_column}}
    return table


# %% The open door is no state
# points: lock 0


def lock(code, D):
    L = len(code)

    def longest(keys):
        return max([n for n in range(1, L + 1) if keys[-n:] == code[:n]], default=0)

    table = np.array([[longest(code[:s] + [k]) for k in range(D)] for s in range(L)])
    table[:, {{special}}] = ({{special_column}} * np.ones(L + 1, dtype=int))[:L]
    return table


# %% Keys are the rows
# points: lock 0


def lock(code, D):
    L = len(code)

    def longest(keys):
        return max([n for n in range(1, L + 1) if keys[-n:] == code[:n]], default=0)

    table = np.array([[longest(code[:s] + [k]) for k in range(D)] for s in range(L + 1)])
    table[L] = {{open_row}}
    table[:, {{special}}] = {{special_column}}
    return table.T


# %% Right: the state after a wrong key is that of a machine which lags behind by one key
# points: all


def lock(code, D):
    L, behind = len(code), 0
    table = np.zeros((L + 1, D), dtype=np.int64)
    for s in range(L + 1):
        table[s] = table[behind]
        if s < L:
            table[s, code[s]] = s + 1
        if 0 < s < L:
            behind = table[behind, code[s]]

    def longest(keys):
        return table[behind, keys[-1]]

    table[L] = {{open_row}}
    table[:, {{special}}] = {{special_column}}
    return table
