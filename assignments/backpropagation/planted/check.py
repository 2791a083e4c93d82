"""Ways to check a gradient."""

# %% A difference to one side only
# points: check 0


def gradient_check(f, a, gradient):
    measured = np.zeros_like(a)
    for place in np.ndindex(a.shape):
        above = a.copy()
        above[place] += 1e-6
        measured[place] = (f(above) - f(a)) / 1e-6
    largest = max(abs(measured).max(), abs(gradient).max())
    return float(abs(measured - gradient).max() / largest) if largest > 0 else 0.0


# %% All entries are moved at once
# points: check 0


def gradient_check(f, a, gradient):
    measured = np.full(a.shape, (f(a + 1e-6) - f(a - 1e-6)) / 2e-6)
    largest = max(abs(measured).max(), abs(gradient).max())
    return float(abs(measured - gradient).max() / largest) if largest > 0 else 0.0


# %% An entry that was moved is not put right again
# points: check 0


def gradient_check(f, a, gradient):
    measured, a = np.zeros_like(a), a.copy()
    for place in np.ndindex(a.shape):
        a[place] += 1e-6
        above = f(a)
        a[place] -= 2e-6
        measured[place] = (above - f(a)) / 2e-6
    largest = max(abs(measured).max(), abs(gradient).max())
    return float(abs(measured - gradient).max() / largest) if largest > 0 else 0.0


# %% No absolute value of the difference
# points: check 0


def gradient_check(f, a, gradient):
    measured = np.zeros_like(a)
    for place in np.ndindex(a.shape):
        above, below = a.copy(), a.copy()
        above[place] += 1e-6
        below[place] -= 1e-6
        measured[place] = (f(above) - f(below)) / 2e-6
    largest = max(abs(measured).max(), abs(gradient).max())
    return float((measured - gradient).max() / largest) if largest > 0 else 0.0


# %% Divided by what is measured only
# points: check 0


def gradient_check(f, a, gradient):
    measured = np.zeros_like(a)
    for place in np.ndindex(a.shape):
        above, below = a.copy(), a.copy()
        above[place] += 1e-6
        below[place] -= 1e-6
        measured[place] = (f(above) - f(below)) / 2e-6
    largest = abs(measured).max()
    return float(abs(measured - gradient).max() / largest) if largest > 0 else 0.0


# %% Nothing guards against a division of zero by zero
# points: check 0


def gradient_check(f, a, gradient):
    measured = np.zeros_like(a)
    for place in np.ndindex(a.shape):
        above, below = a.copy(), a.copy()
        above[place] += 1e-6
        below[place] -= 1e-6
        measured[place] = (f(above) - f(below)) / 2e-6
    with np.errstate(invalid="ignore"):
        return float(abs(measured - gradient).max() / max(abs(measured).max(), abs(gradient).max()))


# %% Only arrays with two axes
# points: check 0


def gradient_check(f, a, gradient):
    measured = np.zeros_like(a)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            above, below = a.copy(), a.copy()
            above[i, j] += 1e-6
            below[i, j] -= 1e-6
            measured[i, j] = (f(above) - f(below)) / 2e-6
    largest = max(abs(measured).max(), abs(gradient).max())
    return float(abs(measured - gradient).max() / largest) if largest > 0 else 0.0


# %% A wide step, and the factor 2 forgotten
# points: check 0


def gradient_check(f, a, gradient):
    measured = np.zeros_like(a)
    for place in np.ndindex(a.shape):
        above, below = a.copy(), a.copy()
        above[place] += 1e-3
        below[place] -= 1e-3
        measured[place] = (f(above) - f(below)) / 1e-3
    largest = max(abs(measured).max(), abs(gradient).max())
    return float(abs(measured - gradient).max() / largest) if largest > 0 else 0.0


# %% It always says that all is well
# points: check 0


def gradient_check(f, a, gradient):
    return 0.0


# %% Each entry is compared with its own size, not with the largest of all
# points: check 0


def gradient_check(f, a, gradient):
    worst = 0.0
    for place in np.ndindex(a.shape):
        above, below = a.copy(), a.copy()
        above[place] += 1e-6
        below[place] -= 1e-6
        measured = (f(above) - f(below)) / 2e-6
        size = max(abs(measured), abs(gradient[place]))
        if size > 0:
            worst = max(worst, abs(measured - gradient[place]) / size)
    return float(worst)


# %% Only the place where the largest entry stands is compared
# points: check 0


def gradient_check(f, a, gradient):
    place = np.unravel_index(abs(gradient).argmax(), a.shape)
    above, below = a.copy(), a.copy()
    above[place] += 1e-6
    below[place] -= 1e-6
    measured = (f(above) - f(below)) / 2e-6
    largest = max(abs(measured), abs(gradient[place]))
    return float(abs(measured - gradient[place]) / largest) if largest > 0 else 0.0


# %% Right: entry by entry on one flat copy
# points: all


def gradient_check(f, a, gradient):
    flat, s = a.ravel().copy(), 1e-6
    worst = largest = 0.0
    for k, claimed in enumerate(gradient.ravel()):
        entry = flat[k]
        flat[k] = entry + s
        above = f(flat.reshape(a.shape))
        flat[k] = entry - s
        measured = (above - f(flat.reshape(a.shape))) / (2 * s)
        flat[k] = entry
        worst = max(worst, abs(measured - claimed))
        largest = max(largest, abs(measured), abs(claimed))
    return worst / largest if largest else 0.0
