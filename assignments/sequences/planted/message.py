"""Ways to find the key."""

# %% The largest perplexity wins
# points: message 0


def best_key(P, ids):
    return max(range(len(P)), key=lambda k: perplexity(P, [decipher(ids, k, len(P))]))


# %% The alphabet always has 27 signs
# points: message 1


def best_key(P, ids):
    return min(range(27), key=lambda k: perplexity(P, [decipher(ids, k, 27)]))


# %% The same shift at every place
# points: message 0


def decipher(ids, k, V):
    return {{flat}}


# %% Enciphered once more
# points: message 0


def decipher(ids, k, V):
    t = np.arange(len(ids))
    return {{forth}}


# %% Places are counted from 1, so that the key is off
# points: message 1


def decipher(ids, k, V):
    t = np.arange(1, len(ids) + 1)
    return {{back}}


# %% The last key is not tried, and the key is one too large
# points: message 0


def best_key(P, ids):
    tried = [perplexity(P, [decipher(ids, k, len(P))]) for k in range(len(P))]
    return int(np.argmin(tried)) + 1


# %% The enciphered text itself is the message
# points: message 2


def message():
    return cipher


# %% The message as numbers
# points: message 2


def message():
    ids = encode(cipher)
    return decipher(ids, best_key(P, ids), 27)


# %% Right: the logarithm of the probability, for all keys at once; the message with spaces
# points: all


def best_key(P, ids):
    with np.errstate(divide="ignore"):
        log_P = np.log(P)
    texts = [decipher(ids, k, len(P)) for k in range(len(P))]
    return np.argmax([log_P[text[:-1], text[1:]].sum() for text in texts])


def message():
    ids = encode(cipher)
    return decode(decipher(ids, best_key(P, ids), 27)).replace(".", " ")
