"""Ways to cut a gradient."""

# %% Nothing is cut between the segments
# points: bias 1


def cut_gradient(x, begins, h_0, dh, W_xh, W_hh, b_h, S):
    h, _ = read(x, begins, h_0, W_xh, W_hh, b_h)
    grads = {"W_xh": 0 * W_xh, "W_hh": 0 * W_hh, "b_h": 0 * b_h}
    back = np.zeros_like(h_0)
    for t in reversed(range(len(x))):
        before = (h[t - 1] if t > 0 else h_0) * ~begins[t][:, None]
        Delta = (dh[t] + back) * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ Delta
        grads["W_hh"] += before.T @ Delta
        grads["b_h"] += Delta.sum(axis=0)
        back = Delta @ W_hh.T * ~begins[t][:, None]
    return grads


# %% The state is wiped at the cuts as well
# points: bias 1


def cut_gradient(x, begins, h_0, dh, W_xh, W_hh, b_h, S):
    begins = begins.copy()
    begins[S::S] = True
    h, _ = read(x, begins, h_0, W_xh, W_hh, b_h)
    grads = {"W_xh": 0 * W_xh, "W_hh": 0 * W_hh, "b_h": 0 * b_h}
    back = np.zeros_like(h_0)
    for t in reversed(range(len(x))):
        before = (h[t - 1] if t > 0 else h_0) * ~begins[t][:, None]
        Delta = (dh[t] + back) * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ Delta
        grads["W_hh"] += before.T @ Delta
        grads["b_h"] += Delta.sum(axis=0)
        back = Delta @ W_hh.T * ~begins[t][:, None]
    return grads


# %% The cut comes one step too early
# points: bias 1


def cut_gradient(x, begins, h_0, dh, W_xh, W_hh, b_h, S):
    h, _ = read(x, begins, h_0, W_xh, W_hh, b_h)
    grads = {"W_xh": 0 * W_xh, "W_hh": 0 * W_hh, "b_h": 0 * b_h}
    back = np.zeros_like(h_0)
    for t in reversed(range(len(x))):
        before = (h[t - 1] if t > 0 else h_0) * ~begins[t][:, None]
        Delta = (dh[t] + back) * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ Delta
        grads["W_hh"] += before.T @ Delta
        grads["b_h"] += Delta.sum(axis=0)
        back = Delta @ W_hh.T * ~begins[t][:, None]
        if (t + 1) % S == 0:
            back = np.zeros_like(h_0)
    return grads


# %% The carried state does not count at the first step of a segment
# points: bias 1


def cut_gradient(x, begins, h_0, dh, W_xh, W_hh, b_h, S):
    h, _ = read(x, begins, h_0, W_xh, W_hh, b_h)
    grads = {"W_xh": 0 * W_xh, "W_hh": 0 * W_hh, "b_h": 0 * b_h}
    back = np.zeros_like(h_0)
    for t in reversed(range(len(x))):
        Delta = (dh[t] + back) * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ Delta
        grads["b_h"] += Delta.sum(axis=0)
        back = Delta @ W_hh.T * ~begins[t][:, None]
        if t % S == 0:
            back = np.zeros_like(h_0)
        else:
            grads["W_hh"] += (h[t - 1] * ~begins[t][:, None]).T @ Delta
    return grads


# %% A last segment that is shorter is left out
# points: bias 1


def cut_gradient(x, begins, h_0, dh, W_xh, W_hh, b_h, S):
    h, _ = read(x, begins, h_0, W_xh, W_hh, b_h)
    grads = {"W_xh": 0 * W_xh, "W_hh": 0 * W_hh, "b_h": 0 * b_h}
    back = np.zeros_like(h_0)
    for t in reversed(range(len(x) // S * S)):
        before = (h[t - 1] if t > 0 else h_0) * ~begins[t][:, None]
        Delta = (dh[t] + back) * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ Delta
        grads["W_hh"] += before.T @ Delta
        grads["b_h"] += Delta.sum(axis=0)
        back = Delta @ W_hh.T * ~begins[t][:, None]
        if t % S == 0:
            back = np.zeros_like(h_0)
    return grads


# %% The gradient goes back into the story before
# points: bias 3


def cut_gradient(x, begins, h_0, dh, W_xh, W_hh, b_h, S):
    h, _ = read(x, begins, h_0, W_xh, W_hh, b_h)
    grads = {"W_xh": 0 * W_xh, "W_hh": 0 * W_hh, "b_h": 0 * b_h}
    back = np.zeros_like(h_0)
    for t in reversed(range(len(x))):
        before = (h[t - 1] if t > 0 else h_0) * ~begins[t][:, None]
        Delta = (dh[t] + back) * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ Delta
        grads["W_hh"] += before.T @ Delta
        grads["b_h"] += Delta.sum(axis=0)
        back = Delta @ W_hh.T
        if t % S == 0:
            back = np.zeros_like(h_0)
    return grads


# %% The state of the story before still counts at the first letter of a new one
# points: bias 3


def cut_gradient(x, begins, h_0, dh, W_xh, W_hh, b_h, S):
    h, _ = read(x, begins, h_0, W_xh, W_hh, b_h)
    grads = {"W_xh": 0 * W_xh, "W_hh": 0 * W_hh, "b_h": 0 * b_h}
    back = np.zeros_like(h_0)
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h_0
        Delta = (dh[t] + back) * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ Delta
        grads["W_hh"] += before.T @ Delta
        grads["b_h"] += Delta.sum(axis=0)
        back = Delta @ W_hh.T * ~begins[t][:, None]
        if t % S == 0:
            back = np.zeros_like(h_0)
    return grads


# %% A loss sees the first S uses, wherever it stands in its segment
# points: bias 4


def uphill(G):
    return [S for S in range(1, len(G) + 1) if sum(G[:S]) * sum(G) < 0]


# %% The segments that point downhill
# points: bias 4


def uphill(G):
    cut = [sum((1 - m / S) * G[m] for m in range(S)) for S in range(1, len(G) + 1)]
    return [S for S, total in enumerate(cut, 1) if total * sum(G) > 0]


# %% Segments are counted from 0
# points: bias 4


def uphill(G):
    cut = [sum((1 - m / S) * G[m] for m in range(S)) for S in range(1, len(G) + 1)]
    return [S for S, total in enumerate(cut) if total * sum(G) < 0]


# %% The way back is not transposed
# points: bias 1


def cut_gradient(x, begins, h_0, dh, W_xh, W_hh, b_h, S):
    h, _ = read(x, begins, h_0, W_xh, W_hh, b_h)
    grads = {"W_xh": 0 * W_xh, "W_hh": 0 * W_hh, "b_h": 0 * b_h}
    back = np.zeros_like(h_0)
    for t in reversed(range(len(x))):
        before = (h[t - 1] if t > 0 else h_0) * ~begins[t][:, None]
        Delta = (dh[t] + back) * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ Delta
        grads["W_hh"] += before.T @ Delta
        grads["b_h"] += Delta.sum(axis=0)
        back = Delta @ W_hh * ~begins[t][:, None]
        if t % S == 0:
            back = np.zeros_like(h_0)
    return grads


# %% Right: segment by segment, and each loss of a segment for itself
# points: all


def cut_gradient(x, begins, h_0, dh, W_xh, W_hh, b_h, S):
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    state = h_0
    for s in range(0, len(x), S):
        keep = 1.0 - begins[s : s + S, :, None]
        h, last = read(x[s : s + S], begins[s : s + S], state, W_xh, W_hh, b_h)
        before = np.concatenate([state[None], h[:-1]]) * keep
        Delta = np.zeros_like(h)
        for t in reversed(range(len(h))):
            Delta[t] = dh[s + t]
            if t + 1 < len(h):
                Delta[t] += Delta[t + 1] @ W_hh.T * keep[t + 1]
            Delta[t] *= 1 - h[t] ** 2
        dW_xh += np.einsum("tnd,tnh->dh", x[s : s + S], Delta)
        dW_hh += np.einsum("tnd,tnh->dh", before, Delta)
        db_h += Delta.sum(axis=(0, 1))
        state = last
    return {"b_h": db_h, "W_hh": dW_hh, "W_xh": dW_xh}


def uphill(G):
    answer = []
    for S in range(1, len(G) + 1):
        seen = 0.0
        for loss in range(S):
            seen += sum(G[: loss + 1])
        if (seen > 0) != (sum(G) > 0):
            answer.append(S)
    return answer
