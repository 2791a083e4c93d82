"""The fast RNN beside the plain one, in every case of conftest.py."""


def test_equal_to_the_plain_rnn(agree):
    agree("RNN")
