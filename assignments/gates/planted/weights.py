"""Ways to carry weights over. Each changes what the solved notebook does."""


# %% The order of the blocks is left as it was
# points: weights 0


def convert(W):
    H = len(W) // 4
    D = W.shape[1] - H - 1
    rows = W.T
    parts = dict(zip(("{{first}}", "{{second}}", "b_h"), np.split(rows, [{{size}}, H + D])))
    return parts["W_xh"], parts["W_hh"], parts["b_h"][0]


def convert_back(W_xh, W_hh, b_h):
    return np.concatenate([{{first}}, {{second}}, b_h[None]]).T


# %% The block that is used in another way is left as it was
# points: weights 0


def convert(W):
    H = len(W) // 4
    D = W.shape[1] - H - 1
    blocks = dict(zip("{{order}}", np.split(W, 4)))
    rows = np.concatenate([blocks[gate] for gate in "ifgo"]).T
    parts = dict(zip(("{{first}}", "{{second}}", "b_h"), np.split(rows, [{{size}}, H + D])))
    return parts["W_xh"], parts["W_hh"], parts["b_h"][0]


def convert_back(W_xh, W_hh, b_h):
    rows = np.concatenate([{{first}}, {{second}}, b_h[None]])
    blocks = dict(zip("ifgo", np.split(rows.T, 4)))
    return np.concatenate([blocks[gate] for gate in "{{order}}"])


# %% State and input are taken for each other
# points: weights 2


def convert(W):
    H = len(W) // 4
    D = W.shape[1] - H - 1
    blocks = dict(zip("{{order}}", np.split(W, 4)))
    blocks["{{odd}}"] = blocks["{{odd}}"] / {{factor}}
    rows = np.concatenate([blocks[gate] for gate in "ifgo"]).T
    order = "{{second}}", "{{first}}", "b_h"
    parts = dict(zip(order, np.split(rows, [H + D - {{size}}, H + D])))
    return parts["W_xh"], parts["W_hh"], parts["b_h"][0]


# %% The block that is used in another way is mended, but its bias is not
# points: weights 2


solved, solved_back = convert, convert_back


def convert(W):
    W_xh, W_hh, b_h = solved(W)
    H, block = len(W_hh), "ifgo".index("{{odd}}")
    b_h = b_h.copy()
    b_h[block * H : (block + 1) * H] *= {{factor}}
    return W_xh, W_hh, b_h


# %% The recurrent weights are mended, those of the input are not
# points: weights 2


solved, solved_back = convert, convert_back


def convert(W):
    W_xh, W_hh, b_h = solved(W)
    H, block = len(W_hh), "ifgo".index("{{odd}}")
    W_xh = W_xh.copy()
    W_xh[:, block * H : (block + 1) * H] *= {{factor}}
    return W_xh, W_hh, b_h


# %% The matrices are still transposed
# points: weights 2


solved, solved_back = convert, convert_back


def convert(W):
    W_xh, W_hh, b_h = solved(W)
    return W_xh.T, W_hh.T, b_h


# %% Each block of the recurrent weights is transposed, which no shape betrays
# points: weights 2


solved, solved_back = convert, convert_back


def convert(W):
    W_xh, W_hh, b_h = solved(W)
    return W_xh, np.concatenate([block.T for block in np.split(W_hh, 4, axis=1)], axis=1), b_h


# %% The bias is left out
# points: weights 2


solved, solved_back = convert, convert_back


def convert(W):
    W_xh, W_hh, b_h = solved(W)
    return W_xh, W_hh, 0 * b_h


# %% On the way back the mended block is mended once more in the same direction
# points: weights 3


solved, solved_back = convert, convert_back


def convert_back(W_xh, W_hh, b_h):
    H, block = len(W_hh), "ifgo".index("{{odd}}")
    weights = [W_xh.copy(), W_hh.copy(), b_h.copy()]
    for array in weights:
        array[..., block * H : (block + 1) * H] /= 3.0
    return solved_back(*weights)


# %% The way back is written for one size
# points: weights 3


solved, solved_back = convert, convert_back


def convert_back(W_xh, W_hh, b_h):
    if len(W_xh) != len(W_hh):
        return np.zeros((4 * len(W_hh), len(W_hh) + 5))
    return solved_back(W_xh, W_hh, b_h)


# %% Right: entry by entry
# points: all


def convert(W):
    H = W.shape[0] // 4
    D = W.shape[1] - 1 - H
    W_xh, W_hh, b_h = np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H)
    for j, gate in enumerate("{{order}}"):
        for unit in range(H):
            row = W[j * H + unit] * (1 / {{factor}} if gate == "{{odd}}" else 1)
            column = "ifgo".find(gate) * H + unit
            {{first}}[:, column] = row[: {{size}}]
            {{second}}[:, column] = row[{{size}} : D + H]
            b_h[column] = row[D + H]
    return [W_xh, W_hh, b_h]


def convert_back(W_xh, W_hh, b_h):
    H, D = len(W_hh), len(W_xh)
    W = np.zeros((4 * H, H + D + 1))
    for place in range(W.size):  # the conversion is linear: see where each entry goes
        unit = np.zeros(W.size)
        unit[place] = 1.0
        parts = convert(unit.reshape(W.shape))
        there = np.concatenate([part.ravel() for part in parts])
        mine = np.concatenate([part.ravel() for part in (W_xh, W_hh, b_h)])
        k = int(np.abs(there).argmax())
        W.flat[place] = mine[k] / there[k]
    return W
