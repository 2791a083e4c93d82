"""Ways to keep a beam."""

# %% A finished sentence keeps its place in the beam
# points: beam 0


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked[:k] if i % V != end]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% Every candidate that ends is finished, also if it is not among the best k
# points: beam 0


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% The first finished sentence is returned
# points: beam 0


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        if best is not None:
            break
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% The score is multiplied by what it should be divided by
# points: beam 3


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q * {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% END is not counted in the length
# points: beam 3


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        T = max(T - 1, 1)
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% The length plays no part
# points: beam 3


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% It never stops before the limit
# points: beam 0


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% It stops by the value of the prefixes as they are, though they could still get longer
# points: beam 3


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], t) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% The states stay with the place in the beam, not with the prefix
# points: beam 0


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = (
            state[[j % len(state) for j in range(len(going_on))]],
            np.array([i % V for i in going_on]),
        )
    return best


# %% Symbols of probability 0 are candidates, too
# points: beam 0


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 1):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total)]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% One step too many
# points: beam 0


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit + 2):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% The last step is missing
# points: beam 0


def beam_search(step, state, start, end, k, limit, alpha):
    def value_of(q, T):
        return q / {{norm_code}}

    paths, scores, tokens, best = [[]], np.zeros(1), np.array([start]), None
    for t in range(1, limit):
        log_p, state = step(state, tokens)
        V = log_p.shape[1]
        total = (scores[:, None] + log_p).ravel()
        ranked = [i for i in np.argsort(-total) if total[i] > -np.inf]
        for i in ranked[:k]:
            value = value_of(float(total[i]), t)
            if i % V == end and (best is None or value > best[1]):
                best = paths[i // V] + [end], value
        going_on = [i for i in ranked if i % V != end][:k]
        if not going_on:
            break
        scores = total[going_on]
        if best is not None and value_of(scores[0], limit) <= best[1]:
            break
        paths = [paths[i // V] + [int(i % V)] for i in going_on]
        state, tokens = state[[i // V for i in going_on]], np.array([i % V for i in going_on])
    return best


# %% Right: prefixes as a dictionary, ranked anew at each step
# points: all


def beam_search(step, state, start, end, k, limit, alpha):
    beam, finished = {(): 0.0}, {}
    for t in range(1, limit + 1):
        tokens = np.array([path[-1] if path else start for path in beam])
        log_p, state = step(state, tokens)
        candidates = {}
        for row, (path, q) in enumerate(beam.items()):
            for v in np.flatnonzero(np.isfinite(log_p[row])):
                candidates[(*path, int(v))] = (q + float(log_p[row, v]), row)
        ranked = sorted(candidates, key=lambda path: candidates[path], reverse=True)
        T = t
        for path in ranked[:k]:
            if path[-1] == end:
                finished[path] = candidates[path][0] / ({{norm_code}})
        beam = {path: candidates[path][0] for path in ranked if path[-1] != end}
        beam = dict(list(beam.items())[:k])
        state = state[[candidates[path][1] for path in beam]]
        T = limit
        if not beam:
            break
        if finished and max(beam.values()) / ({{norm_code}}) <= max(finished.values()):
            break
    if not finished:
        return None
    best = max(finished, key=finished.get)
    return list(best), finished[best]
