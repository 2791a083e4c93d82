"""Ways to count pairs."""

# %% Pairs are cut out side by side, so that every second one is missed
# points: pairs 1


def pair_counts(text):
    counts = {}
    for i in range(0, len(text) - 1, 2):
        counts[text[i : i + 2]] = counts.get(text[i : i + 2], 0) + 1
    return counts


# %% Right: the standard library's counter
# points: all


def pair_counts(text):
    from collections import Counter

    return dict(Counter(map("".join, zip(text, text[1:]))))
