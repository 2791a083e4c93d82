"""What confines is tried first, and refused where it leaks."""

import pytest

from unrolled.grading import probe
from unrolled.grading.confine import Confinement, Refused


def test_the_first_that_holds_is_taken(confinement, monkeypatch):
    leaks = Confinement("none")
    monkeypatch.setattr(probe, "candidates", lambda: [leaks, confinement])
    chosen, lines = probe.choose()
    assert chosen == confinement
    assert "leaks (read, write" in lines[0] and "in force" in lines[1]


def test_where_none_holds_only_trust_goes_on(monkeypatch):
    monkeypatch.setattr(probe, "candidates", lambda: [Confinement("none", filtered=False)])
    with pytest.raises(Refused, match="leaks"):
        probe.choose()
    chosen, lines = probe.choose(trust=True)
    assert chosen.kind == "none" and "trusted" in lines[-1]


def test_what_does_not_start_is_passed_over(monkeypatch):
    monkeypatch.setattr(Confinement, "command", lambda *_: ["/nowhere/at/all"])
    with pytest.raises(Refused, match="does not work here"):
        probe.choose()


def test_all_that_an_unconfined_submission_can_do_is_noticed():
    open_ways = probe.succeeded(Confinement("none", filtered=False))
    assert open_ways == ["read", "write", "connect", "start", "signal"]
