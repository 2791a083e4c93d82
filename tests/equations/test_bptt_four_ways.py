"""The equations of book/training/bptt-four-ways.md, each against an independent route."""

import numpy as np
import pytest
import torch


def carry(net, transposed=False, carried=True, state_of=-1, slope=True):
    """P_1 … P_T for one row by the recursion as printed, or by a wrong version of it."""
    h, W = net.values()[0][:, 0], net.W_hh
    H = len(W)
    P = [np.zeros((H, H, H))]
    for t in range(1, len(h)):
        J = np.array([[(1 - h[t, j] ** 2) * W[i, j] for i in range(H)] for j in range(H)])
        J = J.T if transposed else J
        rate = 1 - h[t] ** 2 if slope else np.ones(H)
        now = np.einsum("jq,q,p->jpq", np.eye(H), rate, h[t + state_of])
        P.append((np.einsum("ji,ipq->jpq", J, P[-1]) if carried else 0) + now)
    return np.array(P[1:])


@pytest.mark.equation("eq-bptt-rtrl", tolerance=1e-12)
def test_rtrl(check, draw_network):
    """Left: the total derivative of every h_t by autograd; right: the recursion for P."""
    net = draw_network(N=1)

    def run(W_hh):
        return torch.stack(net.run(W_hh=W_hh)[0][1:])[:, 0]

    left = torch.autograd.functional.jacobian(run, torch.tensor(net.W_hh)).numpy()
    planted = {
        "J transposed": carry(net, transposed=True),
        "immediate only": carry(net, carried=False),
        "h_t for h_{t-1}": carry(net, state_of=0),
        "slope forgotten": carry(net, slope=False),
    }
    check(left, carry(net), planted=planted)


@pytest.mark.equation("eq-bptt-rtrl-gradient", tolerance=1e-12)
def test_rtrl_gradient(check, draw_network):
    """Left: ∂L/∂W_hh by autograd, backwards; right: P from autograd, summed on the way."""
    net = draw_network(N=1)
    _, _, dh = net.values()

    def run(W_hh):
        return torch.stack(net.run(W_hh=W_hh)[0][1:])[:, 0]

    P = torch.autograd.functional.jacobian(run, torch.tensor(net.W_hh)).numpy()
    terms = np.einsum("tj,tjpq->tpq", dh[:, 0], P)
    (left,) = net.autograd("W_hh")
    planted = {
        "last loss only": terms[-1],
        "P not carried": np.einsum("tj,tjpq->pq", dh[:, 0], carry(net, carried=False)),
        "P of the step before": np.einsum("tj,tjpq->pq", dh[1:, 0], P[:-1]),
        "p and q exchanged": terms.sum(axis=0).T,
    }
    check(left, terms.sum(axis=0), planted=planted)
