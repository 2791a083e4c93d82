"""The fast LSTM beside the plain one, in every case of conftest.py."""


def test_equal_to_the_plain_lstm(agree):
    agree("LSTM")
