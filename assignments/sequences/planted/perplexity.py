"""Ways to measure.

The sheet's `best_key` calls `perplexity`, and may suffer too. Where that is a matter of luck, it is
given a measure of its own.
"""

# %% The product itself, which underflows
# points: perplexity 2, message 1


def perplexity(P, texts):
    product, T = 1.0, 0
    for ids in texts:
        product *= np.prod(P[ids[:-1], ids[1:]])
        T += len(ids) - 1
    return float(product ** (-1 / T)) if product > 0 else 0.0


# %% The mean of the perplexities of the texts
# points: perplexity 2


def perplexity(P, texts):
    with np.errstate(divide="ignore"):
        return float(
            np.mean([np.exp(-np.log(P[i[:-1], i[1:]]).mean()) for i in texts if len(i) > 1])
        )


# %% Divided by the number of entries, not of predictions
# points: perplexity 1


def perplexity(P, texts):
    with np.errstate(divide="ignore"):
        surprise = sum(-np.log(P[i[:-1], i[1:]]).sum() for i in texts)
    return float(np.exp(surprise / sum(len(i) for i in texts)))


# %% Logarithms to base 2, and the exponential to base e
# points: perplexity 1


def perplexity(P, texts):
    with np.errstate(divide="ignore"):
        surprise = sum(-np.log2(P[i[:-1], i[1:]]).sum() for i in texts)
    return float(np.exp(surprise / sum(len(i) - 1 for i in texts)))


# %% The minus sign is missing
# points: perplexity 0, message 0


def perplexity(P, texts):
    with np.errstate(divide="ignore"):
        right = sum(np.log(P[i[:-1], i[1:]]).sum() for i in texts)
    return float(np.exp(right / sum(len(i) - 1 for i in texts)))


# %% The mean of 1/p: as unsure as the average die, but not the root of the product
# points: perplexity 1


def perplexity(P, texts):
    with np.errstate(divide="ignore"):
        faces = np.concatenate([1 / P[i[:-1], i[1:]] for i in texts])
    return float(faces.mean())


def best_key(P, ids):
    with np.errstate(divide="ignore"):
        log_P = np.log(P)
    texts = [decipher(ids, k, len(P)) for k in range(len(P))]
    return int(np.argmax([log_P[text[:-1], text[1:]].sum() for text in texts]))


# %% The token that was read is asked for: a target that is not shifted
# points: perplexity 0


def perplexity(P, texts):
    with np.errstate(divide="ignore"):
        surprise = sum(-np.log(P[i[1:], i[1:]]).sum() for i in texts)
    return float(np.exp(surprise / sum(len(i) - 1 for i in texts)))


def best_key(P, ids):
    with np.errstate(divide="ignore"):
        log_P = np.log(P)
    texts = [decipher(ids, k, len(P)) for k in range(len(P))]
    return int(np.argmax([log_P[text[:-1], text[1:]].sum() for text in texts]))


# %% Probability 0 is replaced by something small
# points: perplexity 3


def perplexity(P, texts):
    surprise = sum(-np.log(np.maximum(P[i[:-1], i[1:]], 1e-300)).sum() for i in texts)
    return float(np.exp(surprise / sum(len(i) - 1 for i in texts)))


# %% Cross-entropy, without the exponential
# points: perplexity 0


def perplexity(P, texts):
    with np.errstate(divide="ignore"):
        surprise = sum(-np.log(P[i[:-1], i[1:]]).sum() for i in texts)
    return float(surprise / sum(len(i) - 1 for i in texts))


# %% Right: in bits, token by token
# points: all


def perplexity(P, texts):
    bits, T = 0.0, 0
    for ids in texts:
        for c, v in zip(ids[:-1], ids[1:]):
            if P[c, v] == 0:
                return math.inf
            bits -= math.log2(P[c, v])
            T += 1
    return 2 ** (bits / T)
