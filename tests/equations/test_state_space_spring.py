"""The equations of book/recurrence-returns/state-space-spring.md, by independent routes."""

import numpy as np
import pytest
import torch

T = 7


@pytest.mark.equation("eq-space-mixture", tolerance=1e-11)
def test_mixture(check, rng):
    """Left: the variance of the mixture's error; right: the completed square."""
    prior, R, G = rng.uniform(0.5, 3), rng.uniform(0.5, 3), rng.normal(size=8)

    def right(least, best, width):
        return least + width * (G - best) ** 2

    total = prior + R
    planted = {
        "the gain of the other": right(prior * R / total, R / total, total),
        "least is the smaller": right(min(prior, R), prior / total, total),
        "not weighed": right(prior * R / total, prior / total, 1),
        "squares in the least": right(prior * R / total**2, prior / total, total),
    }
    left = (1 - G) ** 2 * prior + G**2 * R
    check(left, right(prior * R / total, prior / total, total), planted=planted)


def conditioned(F, Q, R, c, P, x):
    """Means and variances (T, S) of y_t given x_1 to x_t, from the covariance of everything."""
    S = len(F)
    paths = np.zeros((S * (T + 1), S * T))  # from y_0 and all noises to y_1, …, y_T, as rows
    for t in range(T):
        for s in range(t + 2):
            power = np.linalg.matrix_power(F, t + 1 - s)
            paths[S * s : S * (s + 1), S * t : S * (t + 1)] = power
    noise = np.kron(np.eye(T + 1), Q)
    noise[:S, :S] = P
    cov = paths.T @ noise @ paths
    see = np.kron(np.eye(T), c[:, None])  # (S T, T)
    means, variances = [], []
    for t in range(1, T + 1):
        C, now = see[:, :t], slice(S * (t - 1), S * t)
        weights = np.linalg.solve(C.T @ cov @ C + R * np.eye(t), C.T @ cov[:, now])
        means.append(x[:t] @ weights)
        variances.append(cov[now, now] - cov[now] @ C @ weights)
    return np.array(means), np.array(variances)


@pytest.mark.equation("eq-space-kalman", tolerance=1e-10)
def test_kalman(check, rng):
    """Left: as printed; right: means and variances from the covariance of all steps together."""
    f, Q, R, P_0 = rng.uniform([0.6, 0.2, 0.3, 1], [1.1, 0.6, 0.9, 3])
    x = rng.normal(size=T)

    def printed(
        predict=lambda P: f**2 * P + Q,
        gain=lambda P: P / (P + R),
        left=lambda G, P: (1 - G) * P,
        keep=lambda G: (1 - G) * f,
    ):
        P, y, ys, Ps = P_0, 0.0, [], []
        for value in x:
            P = predict(P)
            G = gain(P)
            y, P = keep(G) * y + G * value, left(G, P)
            ys.append(y)
            Ps.append(P)
        return np.array(ys), np.array(Ps)

    means, variances = conditioned(*(np.array([[a]]) for a in (f, Q)), R, np.ones(1), P_0, x)
    planted = {
        "f without its square": printed(predict=lambda P: f * P + Q),
        "no wind": printed(predict=lambda P: f**2 * P),
        "gain of the other": printed(gain=lambda P: R / (P + R)),
        "G for 1 - G": printed(left=lambda G, P: G * P),
        "not predicted": printed(keep=lambda G: 1 - G),
    }
    check(printed(), (means[:, 0], variances[:, 0, 0]), planted=planted)


def motion(rng):
    """F, Q, R, c and a first covariance, for two numbers."""
    r, theta = rng.uniform(0.8, 0.97), rng.uniform(0.3, 1)
    shear = np.array([[1, 0], [rng.normal(), rng.uniform(1, 2)]])
    turn = r * np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    F = shear @ turn @ np.linalg.inv(shear)
    half = rng.normal(size=(2, 2))
    return F, half @ half.T / 4, rng.uniform(0.5, 1.5), rng.normal(size=2), np.diag([2.0, 3.0])


@pytest.mark.equation("eq-space-kalman-two", tolerance=1e-9)
def test_kalman_two(check, rng):
    """Left: as printed; right: means and covariances from the covariance of all steps together."""
    F, Q, R, c, P_0 = motion(rng)
    x = rng.normal(size=T)

    def printed(
        predict=lambda P: F.T @ P @ F + Q,
        gain=lambda P: c @ P / (c @ P @ c + R),
        left=lambda G, P: P @ (np.eye(2) - np.outer(c, G)),
        move=lambda y: y @ F,
    ):
        P, y, ys, Ps = P_0, np.zeros(2), [], []
        for value in x:
            P = predict(P)
            G = gain(P)
            y, P = move(y) + (value - move(y) @ c) * G, left(G, P)
            ys.append(y)
            Ps.append(P)
        return np.array(ys), np.array(Ps)

    planted = {
        "columns for rows": printed(predict=lambda P: F @ P @ F.T + Q),
        "no camera's noise": printed(gain=lambda P: c @ P / (c @ P @ c + R / 2)),
        "the outer product turned": printed(left=lambda G, P: P @ (np.eye(2) - np.outer(G, c))),
        "moved by the transpose": printed(move=lambda y: F @ y),
    }
    check(printed(), conditioned(F, Q, R, c, P_0, x), planted=planted)


def settled(rng):
    """F, c, the gain at rest, and measurements."""
    F, Q, R, c, P = motion(rng)
    for _ in range(3000):
        P = F.T @ P @ F + Q
        G = c @ P / (c @ P @ c + R)
        P = P - np.outer(P @ c, G)
    return F, c, G, rng.normal(size=T)


def corrected(F, c, G, x):
    """Prediction and correction in turn, in torch."""
    F, c, G = (torch.tensor(a) for a in (F, c, G))
    y, found = torch.zeros(2, dtype=torch.float64), []
    for value in x:
        y = y @ F
        y = y + (float(value) - torch.dot(y, c)) * G
        found.append(y)
    return torch.stack(found).numpy()


@pytest.mark.equation("eq-space-settled", tolerance=1e-11)
def test_settled(check, rng):
    """Left: predicted and corrected in turn; right: the recurrence as printed."""
    F, c, G, x = settled(rng)

    def printed(matrix):
        y, found = np.zeros(2), []
        for value in x:
            y = y @ matrix + value * G
            found.append(y)
        return np.array(found)

    both = np.eye(2) - np.outer(c, G)
    planted = {
        "the other order": printed(both @ F),
        "not corrected": printed(F),
        "outer product turned": printed(F @ (np.eye(2) - np.outer(G, c))),
        "correction added": printed(F @ (np.eye(2) + np.outer(c, G))),
    }
    check(corrected(F, c, G, x), printed(F @ both), planted=planted)


@pytest.mark.equation("eq-space-one-hand", tolerance=1e-9)
def test_one_hand(check, rng):
    """Left: the height of the filter in real numbers; right: one complex number, as printed."""
    F, c, G, x = settled(rng)
    lams, V = np.linalg.eig(F @ (np.eye(2) - np.outer(c, G)))
    one = int(np.argmax(lams.imag))
    assert lams[one].imag > 0
    push, reading = (G @ V)[one], np.linalg.solve(V, c)[one]

    def printed(lam=lams[one], push=push, reading=reading, times=2):
        z, found = 0, []
        for value in x:
            z = lam * z + push * value
            found.append(times * (z * reading).real)
        return np.array(found)

    planted = {
        "half of it": printed(times=1),
        "turned the other way": printed(lam=lams[one].conj()),
        "reading conjugated": printed(reading=reading.conj()),
        "pushed by the other": printed(push=(G @ V)[1 - one]),
    }
    check(corrected(F, c, G, x) @ c, printed(), planted=planted)


@pytest.mark.equation("eq-space-error", tolerance=1e-9)
def test_error(check, rng):
    """Left: the error by propagating the covariance of spring and layer; right: as printed."""
    F, Q, R, _, _ = motion(rng)
    c = np.array([1.0, 0])
    lam, push, reading = (
        rng.uniform(0.5, 0.8) * np.exp(0.7j),
        *(complex(*rng.normal(size=2)) for _ in range(2)),
    )
    turn = np.array([[lam.real, lam.imag], [-lam.imag, lam.real]])  # a row times it
    b, read = np.array([push.real, push.imag]), np.array([reading.real, -reading.imag])
    joint = np.block([[F, np.outer(F @ c, b)], [np.zeros((2, 2)), turn]])
    wind = np.block([np.eye(2), np.outer(c, b)])
    camera = np.concatenate([np.zeros(2), b])
    P = np.zeros((4, 4))
    for _ in range(3000):
        P = joint.T @ P @ joint + wind.T @ Q @ wind + R * np.outer(camera, camera)
    apart = np.concatenate([-c, read])
    left = apart @ P @ apart

    L, r, move = 400, [], P[:2, :2].copy()
    for _ in range(L):
        r.append(c @ move @ c)
        move = move @ F
    r = np.array(r)
    K = (push * reading * lam ** np.arange(L)).real
    between = r[np.abs(np.subtract.outer(np.arange(L), np.arange(L)))]

    def printed(cross=2, noise=R, steps=between, shift=0):
        return np.array([r[0] - cross * K[: L - shift] @ r[shift:] + K @ steps @ K + noise * K @ K])

    planted = {
        "the cross term once": printed(cross=1),
        "no camera": printed(noise=0),
        "steps not correlated": printed(steps=r[0] * np.eye(L)),
        "one step ahead": printed(shift=1),
    }
    check(np.array([left]), printed(), planted=planted)
