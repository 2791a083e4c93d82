"""Ways to count windows and to say what they see."""

# %% Steps that are left over at the end get a window too
# points: windows 2


def lengths(T, layers):
    found = []
    for layer in layers:
        places = T + layer["before"] + layer["after"] - (layer["taps"] - 1) * layer["dilation"]
        T = 0 if T == 0 or places < 1 else -(-(places - 1) // layer["stride"]) + 1
        found.append(T)
    return found


# %% The card is as wide as its taps are many, whatever the dilation
# points: windows 2


def lengths(T, layers):
    found = []
    for layer in layers:
        places = T + layer["before"] + layer["after"] - layer["taps"] + 1
        T = 0 if T == 0 or places < 1 else (places - 1) // layer["stride"] + 1
        found.append(T)
    return found


# %% The formula without the 1 at its end
# points: windows 2


def lengths(T, layers):
    found = []
    for layer in layers:
        places = T + layer["before"] + layer["after"] - (layer["taps"] - 1) * layer["dilation"]
        T = 0 if T == 0 or places < 1 else (places - 1) // layer["stride"]
        found.append(T)
    return found


# %% A card that fits nowhere leaves a negative length
# points: windows 3


def lengths(T, layers):
    found = []
    for layer in layers:
        places = T + layer["before"] + layer["after"] - (layer["taps"] - 1) * layer["dilation"]
        T = (places - 1) // layer["stride"] + 1
        found.append(T)
    return found


# %% After an output of no steps the zeros alone make room for a card
# points: windows 3


def lengths(T, layers):
    found = []
    for layer in layers:
        places = T + layer["before"] + layer["after"] - (layer["taps"] - 1) * layer["dilation"]
        T = max(0, (places - 1) // layer["stride"] + 1)
        found.append(T)
    return found


# %% What a layer sees is added up without the strides below it
# points: windows 1


def seen(t, layers):
    last = t + sum((layer["taps"] - 1) * layer["dilation"] for layer in layers)
    before = sum(layer["before"] for layer in layers)
    return t - before, last - before


# %% Down from the first layer to the last
# points: windows 1


def seen(t, layers):
    first = last = t
    for layer in layers:
        first = first * layer["stride"] - layer["before"]
        last = last * layer["stride"] - layer["before"] + (layer["taps"] - 1) * layer["dilation"]
    return first, last


# %% The zeros in front are forgotten
# points: windows 1


def seen(t, layers):
    first = last = t
    for layer in reversed(layers):
        first = first * layer["stride"]
        last = last * layer["stride"] + (layer["taps"] - 1) * layer["dilation"]
    return first, last


# %% No step before the first one counts
# points: windows 2


def seen(t, layers):
    first = last = t
    for layer in reversed(layers):
        first = max(0, first * layer["stride"] - layer["before"])
        last = last * layer["stride"] - layer["before"] + (layer["taps"] - 1) * layer["dilation"]
    return first, last


# %% Every layer is taken to read the gauges
# points: windows 3


def answers():
    steps = lengths(HOURS, STACK)[-1]
    first, last = seen(steps - 1, STACK)
    return {
        "steps": steps,
        "field": last - first + 1,
        "unseen": HOURS - 1 - last,
        "parameters": sum((layer["taps"] * GAUGES + 1) * FILTERS for layer in STACK),
    }


# %% One bias for a whole layer
# points: windows 3


def answers():
    steps = lengths(HOURS, STACK)[-1]
    first, last = seen(steps - 1, STACK)
    inputs = [GAUGES, *[FILTERS] * (len(STACK) - 1)]
    return {
        "steps": steps,
        "field": last - first + 1,
        "unseen": HOURS - 1 - last,
        "parameters": sum(a["taps"] * D * FILTERS + 1 for a, D in zip(STACK, inputs)),
    }


# %% Right: every place of the card is tried, every tap followed
# points: all


def lengths(T, layers):
    found = []
    for a in layers:
        end = T + a["after"]
        count, place = 0, -a["before"]
        while T > 0 and place + (a["taps"] - 1) * a["dilation"] < end:
            count, place = count + 1, place + a["stride"]
        T = count
        found.append(T)
    return found


def seen(t, layers):
    steps = {t}
    for a in layers[::-1]:
        taps = [k * a["dilation"] - a["before"] for k in range(a["taps"])]
        steps = {s * a["stride"] + tap for s in steps for tap in taps}
    return min(steps), max(steps)
