"""What is not held to the rule, and why: as little as possible."""

INNER = {  # modules and callables whose arguments another public function has checked
    "figures": "draws with matplotlib, which says itself what it cannot draw",
    "checks": "checks the arguments of others, under the names that it is given",
    "layers.layer_contract": "checks the arguments of others, under the names that it is given",
    "layers.fast.products": "called in the loops of the fast layers, with arrays that they made",
    "bakeoff": "not held to it yet",
    "char_lstm": "not held to it yet",
    "convert": "not held to it yet",
    "datasets": "not held to it yet",
    "models": "not held to it yet",
    "decoding": "not held to it yet",
}
LOOP = "called at every step, with arrays that the layer has made"
CHECKS = "checks an argument of others, under the name that it has there"
EXCEPTIONS = {
    "layers.fast.gru.step": LOOP,
    "layers.fast.gru.slopes": LOOP,
    "layers.fast.lstm.step": LOOP,
    "layers.fast.lstm.slopes": LOOP,
    "layers.scan.sequential": LOOP,
    "layers.scan.two_level": LOOP,
    "layers.scan.tree": LOOP,
    "layers.conv.pieces": LOOP,
    "layers.attention.swap": LOOP,
    "layers.attention.weigh_backward": LOOP,
    "layers.attention.mean_backward": LOOP,
    "layers.lstm.sigmoid": LOOP,
    "layers.attention.check_attention": CHECKS,
    "layers.lstm.check_state": CHECKS,
    "layers.lstm.pair_from_beyond": CHECKS,
    "layers.optimize.check_keys": CHECKS,
    "layers.optimize.check_limit": CHECKS,
    "layers.ctc.check_log_p": CHECKS,
    "layers.ctc.check_path": CHECKS,
    "layers.conv.check_sliding": CHECKS,
    "layers.loss.check_logits": CHECKS,
    "layers.loss.largest": CHECKS,
}
