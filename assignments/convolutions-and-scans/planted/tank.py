"""Ways to join the hours of a tank."""

# %% The later hour acts first
# points: tank 0


def tank_join(q, p):
    names = "{{order}}".split(", ")
    a, b = dict(zip(names, p)), dict(zip(names, q))
    both = {"flow": a["flow"] + b["flow"]}
    move = (-1 if "{{sign}}" == "+" else 1) * both["flow"] * ("{{first}}" == "bounds")
    both["low"] = tank_step(q, tank_step(p, -np.inf)) + move
    both["high"] = tank_step(q, tank_step(p, np.inf)) + move
    return tuple(both[name] for name in names)


# %% The bounds of the later hour alone
# points: tank 0


def tank_join(p, q):
    names = "{{order}}".split(", ")
    a, b = dict(zip(names, p)), dict(zip(names, q))
    b["flow"] = a["flow"] + b["flow"]
    return tuple(b[name] for name in names)


# %% The narrower of the bounds, as if nothing flowed in between
# points: tank 0


def tank_join(p, q):
    names = "{{order}}".split(", ")
    a, b = dict(zip(names, p)), dict(zip(names, q))
    both = {"flow": a["flow"] + b["flow"]}
    both["low"], both["high"] = np.maximum(a["low"], b["low"]), np.minimum(a["high"], b["high"])
    return tuple(both[name] for name in names)


# %% The earlier bounds are clipped to the later ones before the flow has moved them
# points: tank 0


def tank_join(p, q):
    names = "{{order}}".split(", ")
    a, b = dict(zip(names, p)), dict(zip(names, q))
    both = {end: np.clip(a[end], b["low"], b["high"]) for end in ("low", "high")}
    both["flow"] = a["flow"] + b["flow"]
    return tuple(both[name] for name in names)


# %% Moved bounds, but ranges that do not overlap are not thought of
# points: tank 0


def tank_join(p, q):
    names, sign = "{{order}}".split(", "), int("{{sign}}1")
    a, b = dict(zip(names, p)), dict(zip(names, q))
    both = {"flow": a["flow"] + b["flow"]}
    if "{{first}}" == "flow":
        move, back = sign * b["flow"], 0
    else:
        move, back = sign * a["flow"], sign * a["flow"]
    both["low"] = np.maximum(a["low"] + move, b["low"]) - back
    both["high"] = np.minimum(a["high"] + move, b["high"]) - back
    return tuple(both[name] for name in names)


# %% The last flow alone
# points: tank 0


def tank_join(p, q):
    names = "{{order}}".split(", ")
    a, b = dict(zip(names, p)), dict(zip(names, q))
    both = {"flow": b["flow"]}
    move = (-1 if "{{sign}}" == "+" else 1) * both["flow"] * ("{{first}}" == "bounds")
    both["low"] = tank_step(q, tank_step(p, -np.inf)) + move
    both["high"] = tank_step(q, tank_step(p, np.inf)) + move
    return tuple(both[name] for name in names)


# %% One tank at a time
# points: tank 0


def tank_join(p, q):
    names, sign = "{{order}}".split(", "), int("{{sign}}1")
    a, b = dict(zip(names, p)), dict(zip(names, q))
    both = {"flow": a["flow"] + b["flow"]}
    for end in ("low", "high"):
        if "{{first}}" == "flow":
            both[end] = min(b["high"], max(b["low"], a[end] + sign * b["flow"]))
        else:
            moved = a[end] + sign * a["flow"]
            both[end] = min(b["high"], max(b["low"], moved)) - sign * a["flow"]
    return tuple(both[name] for name in names)


# %% The levels before each hour
# points: tank 2


def levels(cards, s_0):
    after = tank_step(prefixes(tank_join, cards), s_0)
    return np.concatenate([s_0[None], after[:-1]])


# %% All tanks start empty
# points: tank 2


def levels(cards, s_0):
    return tank_step(prefixes(tank_join, cards), 0 * s_0)


# %% Each hour starts from the first level
# points: tank 2


def levels(cards, s_0):
    return tank_step(cards, s_0)


# %% The last level alone
# points: tank 2


def levels(cards, s_0):
    return tank_step(prefixes(tank_join, cards), s_0)[-1]


# %% Right: joined by hand, and the levels hour by hour
# points: all


def tank_join(p, q):
    names, sign = "{{order}}".split(", "), int("{{sign}}1")
    a, b = dict(zip(names, p)), dict(zip(names, q))
    both = {"flow": a["flow"] + b["flow"]}
    for end in ("low", "high"):
        moved = a[end] + sign * (b if "{{first}}" == "flow" else a)["flow"]
        both[end] = np.minimum(b["high"], np.maximum(b["low"], moved))
        if "{{first}}" == "bounds":
            both[end] = both[end] - sign * a["flow"]
    return tuple(both[name] for name in names)


def levels(cards, s_0):
    found = []
    for t in range(len(cards[0])):
        s_0 = tank_step([a[t] for a in cards], s_0)
        found.append(s_0)
    return np.array(found)
