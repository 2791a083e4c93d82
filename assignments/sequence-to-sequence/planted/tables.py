"""Ways to fill up a batch."""

# %% END is missing in the targets, so the writer never learns to stop
# points: tables 2

right_tables = tables


def tables(sources, targets, pad, start, end):
    source, source_mask, inputs, outputs, target_mask = right_tables(
        sources, targets, pad, start, end
    )
    for n, tokens in enumerate(targets):
        outputs[len(tokens), n] = pad
        target_mask[len(tokens), n] = False
    return source, source_mask, inputs, outputs, target_mask


# %% The decoder reads the token that it has to write
# points: tables 2


right_tables = tables


def tables(sources, targets, pad, start, end):
    source, source_mask, inputs, outputs, target_mask = right_tables(
        sources, targets, pad, start, end
    )
    return source, source_mask, outputs, outputs, target_mask


# %% Inputs by np.roll: the first row holds what the last row of the targets held
# points: tables 2


right_tables = tables


def tables(sources, targets, pad, start, end):
    source, source_mask, inputs, outputs, target_mask = right_tables(
        sources, targets, pad, start, end
    )
    return source, source_mask, np.roll(outputs, 1, axis=0), outputs, target_mask


# %% Inputs are the targets one row later, so that short sentences read END
# points: tables 2


right_tables = tables


def tables(sources, targets, pad, start, end):
    source, source_mask, inputs, outputs, target_mask = right_tables(
        sources, targets, pad, start, end
    )
    inputs = np.vstack([np.full_like(outputs[:1], start), outputs[:-1]])
    return source, source_mask, inputs, outputs, target_mask


# %% Masks from the numbers: a word with the number of PAD counts as padding
# points: tables 0


right_tables = tables


def tables(sources, targets, pad, start, end):
    source, source_mask, inputs, outputs, target_mask = right_tables(
        sources, targets, pad, start, end
    )
    return source, source != pad, inputs, outputs, outputs != pad


# %% Sentences in rows
# points: tables 0


right_tables = tables


def tables(sources, targets, pad, start, end):
    return tuple(table.T.copy() for table in right_tables(sources, targets, pad, start, end))


# %% Masks of numbers, not of booleans
# points: tables 0


right_tables = tables


def tables(sources, targets, pad, start, end):
    source, source_mask, inputs, outputs, target_mask = right_tables(
        sources, targets, pad, start, end
    )
    return source, source_mask.astype(float), inputs, outputs, target_mask.astype(float)


# %% Filled up with 0 and not with the pad that was given
# points: tables 0


right_tables = tables


def tables(sources, targets, pad, start, end):
    return right_tables(sources, targets, 0, start, end)


# %% Right: lists, made equally long and turned
# points: all


def tables(sources, targets, pad, start, end):
    S = max(len(tokens) for tokens in sources)
    T = max(len(tokens) for tokens in targets) + 1
    source = [tokens + [pad] * (S - len(tokens)) for tokens in sources]
    inputs = [[start] + tokens + [pad] * (T - 1 - len(tokens)) for tokens in targets]
    outputs = [tokens + [end] + [pad] * (T - 1 - len(tokens)) for tokens in targets]
    source_mask = [[k < len(tokens) for k in range(S)] for tokens in sources]
    target_mask = [[t <= len(tokens) for t in range(T)] for tokens in targets]
    return [np.array(table).T for table in (source, source_mask, inputs, outputs, target_mask)]
