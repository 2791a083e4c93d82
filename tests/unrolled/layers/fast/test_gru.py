"""The fast GRU beside the plain one, in every case of conftest.py."""


def test_equal_to_the_plain_gru(agree):
    agree("GRU")
