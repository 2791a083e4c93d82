"""Ways to listen."""

# %% The silence is not subtracted
# points: echo 3


def measure(network, T, D, height):
    x = np.zeros((T, D + 1, D))
    x[0, :D] = height * np.eye(D)
    u = network(x)
    return u[:, D], u[:, :D] / height


# %% The echoes are those of the height, not of 1
# points: echo 3


def measure(network, T, D, height):
    x = np.zeros((T, D + 1, D))
    x[0, :D] = height * np.eye(D)
    u = network(x)
    return u[:, D], u[:, :D] - u[:, D:]


# %% The clap is too loud, and is cut off
# points: echo 3


def measure(network, T, D, height):
    x = np.zeros((T, D + 1, D))
    x[0, :D] = np.eye(D)
    u = network(x)
    return u[:, D], u[:, :D] - u[:, D:]


# %% The clap goes on at every step
# points: echo 3


def measure(network, T, D, height):
    x = np.zeros((T, D + 1, D))
    x[:, :D] = height * np.eye(D)
    u = network(x)
    return u[:, D], (u[:, :D] - u[:, D:]) / height


# %% One clap at all inputs together
# points: echo 3


def measure(network, T, D, height):
    x = np.zeros((T, 2, D))
    x[0, 0] = height
    u = network(x)
    return u[:, 1], np.tile((u[:, :1] - u[:, 1:]) / height, (1, D, 1))


# %% The prediction forgets the silence
# points: echo 3


def predict(silence, K, x):
    u = np.zeros((len(x), x.shape[1], K.shape[2]))
    for t in range(len(x)):
        u[t] = sum(x[t - k] @ K[k] for k in range(t + 1))
    return u


# %% The prediction counts an echo from the beginning, not from its input
# points: echo 3


def predict(silence, K, x):
    u = np.zeros((len(x), x.shape[1], K.shape[2]))
    for t in range(len(x)):
        u[t] = silence[t] + sum(x[k] @ K[k] for k in range(t + 1))
    return u


# %% The prediction leaves the present input out
# points: echo 3


def predict(silence, K, x):
    u = np.zeros((len(x), x.shape[1], K.shape[2]))
    for t in range(len(x)):
        u[t] = silence[t] + sum(x[t - k] @ K[k] for k in range(1, t + 1))
    return u


# %% The prediction adds the silence once for every input
# points: echo 3


def predict(silence, K, x):
    u = np.zeros((len(x), x.shape[1], K.shape[2]))
    for t in range(len(x)):
        u[t] = sum(silence[t - k] + x[t - k] @ K[k] for k in range(t + 1))
    return u


# %% The first quiet echo counts as the last one heard
# points: echo 4


def memory(K, share):
    loudness = np.abs(K).max(axis=(1, 2))
    quiet = np.flatnonzero(loudness <= share * loudness.max())
    return int(quiet[0]) if len(quiet) else len(K)


# %% Measured by the first echo, not by the largest
# points: echo 4


def memory(K, share):
    loudness = np.abs(K).max(axis=(1, 2))
    return int(np.flatnonzero(loudness > share * loudness[0])[-1]) + 1


# %% The number of the last echo that is heard, not of the first that is not
# points: echo 4


def memory(K, share):
    loudness = np.abs(K).max(axis=(1, 2))
    return int(np.flatnonzero(loudness > share * loudness.max())[-1])


# %% Negative echoes are not heard
# points: echo 4


def memory(K, share):
    loudness = K.max(axis=(1, 2))
    return int(np.flatnonzero(loudness > share * loudness.max())[-1]) + 1


# %% Right: one call for each input, a sum over matrices that are laid out, and a loop
# points: all


def measure(network, T, D, height):
    silence = network(np.zeros((T, 1, D)))[:, 0]
    K = []
    for d in range(D):
        x = np.zeros((T, 1, D))
        x[0, 0, d] = -height
        K.append((silence - network(x)[:, 0]) / height)
    return silence, np.stack(K, axis=1)


def predict(silence, K, x):
    u = silence[: len(x)][:, None] + np.zeros((1, x.shape[1], 1))
    for i, x_i in enumerate(x):
        u[i:] += np.einsum("nd,kdv->knv", x_i, K[: len(x) - i])
    return u


def memory(K, share):
    m = len(K)
    while m > 0 and np.abs(K[m - 1]).max() <= share * np.abs(K).max():
        m -= 1
    return m
