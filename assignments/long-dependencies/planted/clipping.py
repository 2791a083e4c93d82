"""Ways to clip a gradient, and to look for wrong lines."""

# %% The norm has lost its root
# points: clipping 2


def clip(grads, limit):
    norm = float(sum(np.sum(g * g) for g in grads.values()))
    factor = min(1.0, limit / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


# %% Each array is clipped by its own norm
# points: clipping 2


def clip(grads, limit):
    clipped, total = {}, 0.0
    for name, g in grads.items():
        norm = float(np.sqrt(np.sum(g * g)))
        total += norm**2
        clipped[name] = g * (limit / norm) if norm > limit else g
    return clipped, float(np.sqrt(total))


# %% Each entry is limited by itself
# points: clipping 2


def clip(grads, limit):
    norm = float(np.sqrt(sum(np.sum(g * g) for g in grads.values())))
    return {name: np.clip(g, -limit, limit) for name, g in grads.items()}, norm


# %% Short gradients are made longer
# points: clipping 2


def clip(grads, limit):
    norm = float(np.sqrt(sum(np.sum(g * g) for g in grads.values())))
    if norm == 0:
        return grads, norm
    return {name: g * np.float32(limit / norm) for name, g in grads.items()}, norm


# %% The norm is the one after clipping
# points: clipping 2


def clip(grads, limit):
    norm = float(np.sqrt(sum(np.sum(g * g) for g in grads.values())))
    if norm > limit:
        grads, norm = {name: g * (limit / norm) for name, g in grads.items()}, float(limit)
    return grads, norm


# %% The squares overflow
# points: clipping 4


def clip(grads, limit):
    with np.errstate(all="ignore"):
        norm = float(np.sqrt(sum(np.sum(g * g) for g in grads.values())))
        if not np.isfinite(norm):
            return {name: np.zeros_like(g) for name, g in grads.items()}, float("inf")
        if norm > limit:
            grads = {name: (g * (limit / norm)).astype(g.dtype) for name, g in grads.items()}
    return grads, norm


# %% In float64 single precision no longer overflows, and double precision does
# points: clipping 4


def clip(grads, limit):
    with np.errstate(all="ignore"):
        norm = float(np.sqrt(sum(np.sum(g.astype(float) ** 2) for g in grads.values())))
        if not np.isfinite(norm):
            return {name: np.zeros_like(g) for name, g in grads.items()}, float("inf")
        if norm > limit:
            grads = {name: (g * (limit / norm)).astype(g.dtype) for name, g in grads.items()}
    return grads, norm


# %% All comes back in float64
# points: clipping 2


def clip(grads, limit):
    m = max(float(np.abs(g).max()) for g in grads.values())
    if not np.isfinite(m):
        return {name: np.zeros(g.shape) for name, g in grads.items()}, float("inf")
    if m == 0:
        return {name: np.zeros(g.shape) for name, g in grads.items()}, 0.0
    length = float(np.sqrt(sum(np.sum((g.astype(float) / m) ** 2) for g in grads.values())))
    factor = min(1.0, limit / (m * length))
    return {name: g.astype(float) * factor for name, g in grads.items()}, m * length


# %% A gradient that is not finite becomes one of nan
# points: clipping 4


def clip(grads, limit):
    with np.errstate(all="ignore"):
        m = max(float(np.abs(g).max()) for g in grads.values()) or 1.0
        norm = m * float(np.sqrt(sum(np.sum((g.astype(float) / m) ** 2) for g in grads.values())))
        factor = min(1.0, limit / norm) if norm else 1.0
        return {name: (g * factor).astype(g.dtype) for name, g in grads.items()}, norm


# %% A gradient of zeros is divided by its length
# points: clipping 2


def clip(grads, limit):
    with np.errstate(all="ignore"):
        norm = float(np.sqrt(sum(np.sum(g * g) for g in grads.values())))
        grads = {name: (g / norm * min(norm, limit)).astype(g.dtype) for name, g in grads.items()}
    return grads, norm


# %% Two of the four lines are found
# points: clipping 3


def wrong_lines():
    return "{{letters}}"[:2]


# %% Five lines are named, to be on the safe side
# points: clipping 3


def wrong_lines():
    return "".join(sorted("{{letters}}" + "A"))


# %% Right: one long row
# points: all


def clip(grads, limit):
    row = np.concatenate([g.ravel() for g in grads.values()]).astype("f8")
    if not np.all(np.isfinite(row)):
        return {k: 0 * np.nan_to_num(g, posinf=0, neginf=0) for k, g in grads.items()}, np.inf
    largest = np.max(np.abs(row))
    if largest == 0.0:
        return grads, 0.0
    norm = np.linalg.norm(row / largest) * largest
    out = {}
    for k, g in grads.items():
        out[k] = g if norm <= limit else (g.astype("f8") / norm * limit).astype(g.dtype)
    return out, float(norm)
