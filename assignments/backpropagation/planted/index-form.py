"""Ways to take the gradient apart."""

# %% Each use counts for its own loss only, as if nothing came back from later ones
# points: index-form 0


def contributions(h, dh, W_hh):
    T, H = dh.shape
    C = np.zeros((T, T, H, H))
    for t in range(T):
        C[t, t] = np.outer(h[t], dh[t] * (1 - h[t + 1] ** 2))
    return C


# %% The matrix is not transposed on the way back, which one unit cannot show
# points: index-form 1


def contributions(h, dh, W_hh):
    T, H = dh.shape
    C = np.zeros((T, T, H, H))
    for t in range(T):
        back = dh[t]
        for k in range(t, -1, -1):
            Delta = back * (1 - h[k + 1] ** 2)
            C[t, k] = np.outer(h[k], Delta)
            back = Delta @ W_hh
    return C


# %% The slopes on the way are forgotten
# points: index-form 0


def contributions(h, dh, W_hh):
    T, H = dh.shape
    C = np.zeros((T, T, H, H))
    for t in range(T):
        back = dh[t]
        for k in range(t, -1, -1):
            C[t, k] = np.outer(h[k], back)
            back = W_hh @ back
    return C


# %% The state after the use in place of the one before it
# points: index-form 0


def contributions(h, dh, W_hh):
    T, H = dh.shape
    C = np.zeros((T, T, H, H))
    for t in range(T):
        back = dh[t]
        for k in range(t, -1, -1):
            Delta = back * (1 - h[k + 1] ** 2)
            C[t, k] = np.outer(h[k + 1], Delta)
            back = W_hh @ Delta
    return C


# %% Rows and columns of each matrix change places
# points: index-form 0


def contributions(h, dh, W_hh):
    T, H = dh.shape
    C = np.zeros((T, T, H, H))
    for t in range(T):
        back = dh[t]
        for k in range(t, -1, -1):
            Delta = back * (1 - h[k + 1] ** 2)
            C[t, k] = np.outer(Delta, h[k])
            back = W_hh @ Delta
    return C


# %% Loss and use change places: the triangle stands on its head
# points: index-form 0


def contributions(h, dh, W_hh):
    T, H = dh.shape
    C = np.zeros((T, T, H, H))
    for t in range(T):
        back = dh[t]
        for k in range(t, -1, -1):
            Delta = back * (1 - h[k + 1] ** 2)
            C[k, t] = np.outer(h[k], Delta)
            back = W_hh @ Delta
    return C


# %% What comes back is summed over all later losses: the columns are right, the pairs are not
# points: index-form 0


def contributions(h, dh, W_hh):
    T, H = dh.shape
    C = np.zeros((T, T, H, H))
    back = np.zeros(H)
    for k in range(T - 1, -1, -1):
        Delta = (dh[k] + back) * (1 - h[k + 1] ** 2)
        C[k, k] = np.outer(h[k], Delta)
        back = W_hh @ Delta
    return C


# %% The product of the Jacobians, with the earlier ones on the left
# points: index-form 1


def contributions(h, dh, W_hh):
    T, H = dh.shape
    J = [np.diag(1 - h[t + 1] ** 2) @ W_hh.T for t in range(T)]
    C = np.zeros((T, T, H, H))
    for t in range(T):
        for k in range(t + 1):
            product = np.eye(H)
            for step in range(k + 1, t + 1):
                product = product @ J[step]
            C[t, k] = np.outer(h[k], dh[t] @ product * (1 - h[k + 1] ** 2))
    return C


# %% Right: the product of the Jacobians, and entries by einsum
# points: all


def contributions(h, dh, W_hh):
    T, H = dh.shape
    J = [(1 - h[t + 1] ** 2)[:, None] * W_hh.T for t in range(T)]
    C = np.zeros((T, T, H, H))
    for t in range(T):
        for k in range(t + 1):
            product = np.eye(H)
            for step in range(k + 1, t + 1):
                product = J[step] @ product
            delta = dh[t] @ product
            C[t, k] = np.einsum("p,q->pq", h[k], delta * (1 - h[k + 1] ** 2))
    return C


# %% Right: all losses go back together, one row for each
# points: all


def contributions(h, dh, W_hh):
    T, H = dh.shape
    C = np.zeros((T, T, H, H))
    back = np.zeros((T, H))
    for k in reversed(range(T)):
        back[k] = dh[k]
        Delta = back * (1 - h[k + 1] ** 2)
        C[:, k] = h[k][None, :, None] * Delta[:, None, :]
        back = Delta @ W_hh.T
    return C
