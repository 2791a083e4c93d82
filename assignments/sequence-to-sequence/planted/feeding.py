"""Ways to feed a decoder."""

# %% The truth of the same step is fed
# points: feeding 1


def unroll(step, state, truth, start, coins):
    fed, scores = np.full(truth.shape[1], start), []
    for t in range(len(truth)):
        u, state = step(state, fed)
        scores.append(u)
        if t + 1 < len(truth):
            fed = np.where(coins[t + 1], truth[t + 1], u.argmax(axis=1))
    return np.stack(scores)


# %% The coins the wrong way round
# points: feeding 1


def unroll(step, state, truth, start, coins):
    fed, scores = np.full(truth.shape[1], start), []
    for t in range(len(truth)):
        u, state = step(state, fed)
        scores.append(u)
        if t + 1 < len(truth):
            fed = np.where(coins[t + 1], u.argmax(axis=1), truth[t])
    return np.stack(scores)


# %% The coin of the step before
# points: feeding 1


def unroll(step, state, truth, start, coins):
    fed, scores = np.full(truth.shape[1], start), []
    for t in range(len(truth)):
        u, state = step(state, fed)
        scores.append(u)
        fed = np.where(coins[t], truth[t], u.argmax(axis=1))
    return np.stack(scores)


# %% One coin for all sentences
# points: feeding 1


def unroll(step, state, truth, start, coins):
    fed, scores = np.full(truth.shape[1], start), []
    for t in range(len(truth)):
        u, state = step(state, fed)
        scores.append(u)
        if t + 1 < len(truth):
            fed = truth[t] if coins[t + 1].all() else u.argmax(axis=1)
    return np.stack(scores)


# %% Each step begins anew from the card
# points: feeding 1


def unroll(step, state, truth, start, coins):
    fed, scores = np.full(truth.shape[1], start), []
    for t in range(len(truth)):
        u, _ = step(state, fed)
        scores.append(u)
        if t + 1 < len(truth):
            fed = np.where(coins[t + 1], truth[t], u.argmax(axis=1))
    return np.stack(scores)


# %% The writing stops when the first sentence has ended
# points: feeding 2


def write(step, state, start, end, pad, limit):
    fed, written = np.full(len(state), start), []
    for _ in range(limit):
        u, state = step(state, fed)
        fed = u.argmax(axis=1)
        written.append(fed)
        if (fed == end).any():
            break
    return np.stack(written)


# %% What is written after END stays in the table
# points: feeding 2


def write(step, state, start, end, pad, limit):
    fed, done, written = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(written) < limit and not done.all():
        u, state = step(state, fed)
        fed = u.argmax(axis=1)
        done = done | (fed == end)
        written.append(fed)
    return np.stack(written)


# %% END itself is overwritten by PAD
# points: feeding 2


def write(step, state, start, end, pad, limit):
    fed, done, written = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(written) < limit and not done.all():
        u, state = step(state, fed)
        fed = u.argmax(axis=1)
        done = done | (fed == end)
        written.append(np.where(done, pad, fed))
    return np.stack(written)


# %% It always runs on to the limit
# points: feeding 2


def write(step, state, start, end, pad, limit):
    fed, done, written = np.full(len(state), start), np.zeros(len(state), bool), []
    for _ in range(limit):
        u, state = step(state, fed)
        fed = u.argmax(axis=1)
        written.append(np.where(done, pad, fed))
        done = done | (fed == end)
    return np.stack(written)


# %% START is fed at every step
# points: feeding 2


def write(step, state, start, end, pad, limit):
    done, written = np.zeros(len(state), bool), []
    while len(written) < limit and not done.all():
        u, state = step(state, np.full(len(state), start))
        written.append(np.where(done, pad, u.argmax(axis=1)))
        done = done | (u.argmax(axis=1) == end)
    return np.stack(written)


# %% Right: one function that feeds, and two that use it
# points: all


def run(step, state, first, choose, limit):
    fed, scores = np.array(first), []
    for t in range(limit):
        u, state = step(state, fed)
        scores.append(u)
        fed = choose(t, u)
        if fed is None:
            break
    return np.array(scores)


def unroll(step, state, truth, start, coins):
    T, N = truth.shape

    def choose(t, u):
        own = np.argmax(u, axis=-1)
        return own if t == T - 1 else coins[t + 1] * truth[t] + ~coins[t + 1] * own

    return run(step, state, [start] * N, choose, T)


def write(step, state, start, end, pad, limit):
    N = len(state)
    columns = [[] for _ in range(N)]

    def choose(t, u):
        for n in range(N):
            ended = columns[n] and columns[n][-1] in (end, None)
            columns[n].append(None if ended else int(np.argmax(u[n])))
        if all(column[-1] in (end, None) for column in columns):
            return None
        return np.array([pad if column[-1] is None else column[-1] for column in columns])

    run(step, state, [start] * N, choose, limit)
    return np.array([[pad if word is None else word for word in column] for column in columns]).T
