"""Valid calls of `unrolled.models`."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from registry import valid

from unrolled.datasets.text import Vocabulary
from unrolled.models import Attentive, Captioner, Checkpoint, EncoderDecoder, LanguageModel, mamba
from unrolled.models import checkpoint as files
from unrolled.models import language_model as lm
from unrolled.models.hmm import HMM
from unrolled.models.ngram import NGram
from unrolled.models.recorder import AnyFilter, Recorder
from unrolled.models.seq2seq import Reminded
from unrolled.models.trackers import Diagonal, Mirrors

TEXT = "the cat sat on the mat and the rat sat on the cat " * 2
VOCABULARY = Vocabulary.of(TEXT)
FOLDER = Path(tempfile.mkdtemp())
IDS = np.array([0, 1, 2, 0, 1, 1, 2, 0])


def rng():
    return np.random.default_rng(0)


def torch_rng():
    return torch.Generator().manual_seed(0)


def seeded(make):
    """A model with the same weights each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make()


def language(cell="LSTM"):
    return seeded(lambda: LanguageModel(VOCABULARY, H=4, D=3, cell=cell))


def ids(*shape, most=5):
    return torch.randint(3, most, shape, generator=torch_rng())


# the hidden Markov model


def tables():
    A, B = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.5, 0.5, 0], [0, 0.3, 0.7]])
    return {"pi": np.array([0.6, 0.4]), "A": A, "B": B}


@valid("models.hmm.HMM", also=("K", "V"))
def _():
    return tables()


@valid("models.hmm.HMM.forward", infinite=True)
def _():
    return {"self": HMM(**tables()), "x": np.array([0, 1, 2])}


@valid("models.hmm.HMM.predict")
def _():
    return {"self": HMM(**tables()), "state": np.array([[0.5, 0.5]])}


@valid("models.hmm.HMM.sample")
def _():
    return {"self": HMM(**tables()), "T": 5, "rng": rng()}


# n-grams


@valid("models.ngram.NGram.fit")
def _():
    return {"ids": IDS.copy(), "n": 2, "V": 4, "smoothing": "witten-bell"}


def ngram():
    return NGram.fit(IDS, 2, 4)


@valid("models.ngram.NGram.counts", "models.ngram.NGram.log_probabilities", infinite=True)
def _():
    return {"self": ngram(), "ids": IDS.copy()}


@valid("models.ngram.NGram.perplexity")
def _():
    return {"self": ngram(), "ids": IDS.copy()}


@valid("models.ngram.NGram.distribution")
def _():
    return {"self": ngram(), "context": [0, 1]}


@valid("models.ngram.NGram.sample")
def _():
    return {"self": ngram(), "length": 3, "rng": rng(), "context": [0, 1]}


# training, and its files


def line():
    return seeded(lambda: torch.nn.Linear(2, 3))


def batch():
    return np.ones((2, 2), np.float32), np.array([0, 2])


@valid("models.training.cross_entropy_loss", whole=("model",), left=("x",))
def _():
    x, y = map(torch.as_tensor, batch())
    return {"model": line(), "x": x, "y": y}


@valid("models.training.train", whole=("model", "batches"), changes=("model",), also=("batch",))
def _():
    some = {"model": line(), "batches": [batch()] * 40, "steps": 2, "learning_rate": 0.1}
    return some | {"clip": 1.0, "decay": 0.5, "measure": lambda: 0.5, "every": 2}


@valid("models.training.evaluating", whole=("model",))
def _():
    return {"model": line()}


@valid(
    "models.checkpoint.Checkpoint.of",
    whole=("model", "optimizer"),
    also=("loss", "measured", "seconds"),
)
def _():
    model = line()
    history = {"loss": [0.5], "measured": {}, "seconds": 0.1}
    return {"model": model, "optimizer": torch.optim.Adam(model.parameters())} | history


def run():
    model = line()
    optimizer = torch.optim.Adam(model.parameters())
    return Checkpoint.of(model, optimizer, loss=[0.5], measured={}, seconds=0.1)


@valid("models.checkpoint.Checkpoint.restore", whole=("model", "optimizer"), changes=("model",))
def _():
    model = line()
    return {"self": run(), "model": model, "optimizer": torch.optim.Adam(model.parameters())}


@valid("models.checkpoint.Checkpoint.save")
def _():
    return {"self": run(), "path": FOLDER / "run.pt"}


@valid("models.checkpoint.write", whole=("contents",))
def _():
    return {"contents": {"a": 1}, "path": str(FOLDER / "contents.pt")}


@valid("models.checkpoint.Checkpoint.load")
def _():
    run().save(FOLDER / "kept.pt")
    return {"path": FOLDER / "kept.pt"}


@valid("models.checkpoint.read", also=("path", "no such name"))
def _():
    files.write({"a": 1}, FOLDER / "known.pt")
    return {"path": FOLDER / "known.pt", "keys": ["a"], "writer": "write"}


# the language model


@valid("models.language_model.LanguageModel")
def _():
    some = {"vocabulary": VOCABULARY, "H": 4, "D": 4, "cell": "GRU"}
    return some | {"dropout": 0.5, "tied": True}


@valid("models.language_model.LanguageModel.forward")
def _():
    return {"self": language("GRU"), "x": ids(5, 2), "state": torch.zeros(1, 2, 4)}


@valid("models.language_model.window_loss", whole=("model",))
def _():
    return {"model": language(), "x": ids(5, 2), "y": ids(5, 2)}


@valid(
    "models.language_model.fit", whole=("model",), changes=("model",), also=("ids", "vocabulary")
)
def _():
    some = {"model": language(), "text": TEXT, "steps": 1, "rng": rng()}
    return some | {"T": 4, "N": 2, "learning_rate": 0.01}


@valid("models.language_model.train_on", also=("symbol", "H"), infinite=True)
def _():
    return {"text": TEXT, "steps": 1, "seed": 0, "T": 8, "N": 2, "learning_rate": 0.01, "H": 4}


@valid(
    "models.language_model.log_probabilities",
    "models.language_model.perplexity",
    infinite=True,
    whole=("model",),
    also=("vocabulary", "ids"),
)
def _():
    return {"model": language(), "text": "the cat", "N": 2}


@valid("models.language_model.generate", whole=("model",), also=("vocabulary", "text"))
def _():
    some = {"model": language(), "prompt": "the ", "length": 3}
    return some | {"rng": torch_rng(), "change": lambda u: u, "N": 2}


@valid("models.language_model.save", whole=("model",))
def _():
    return {"model": language(), "path": FOLDER / "model.pt"}


@valid("models.language_model.load")
def _():
    lm.save(language(), FOLDER / "saved.pt")
    return {"path": str(FOLDER / "saved.pt")}


# encoder-decoders and captioner


PAIRS = {
    "seq2seq.EncoderDecoder": EncoderDecoder,
    "seq2seq.Reminded": Reminded,
    "seq2seq_attention.Attentive": Attentive,
}


def pair(cls=EncoderDecoder):
    return seeded(lambda: cls(6, 5, H=4, D=3))


def source():
    return {"source": ids(4, 2, most=6), "lengths": torch.tensor([4, 2])}


def register(name, cls):
    @valid(f"models.{name}")
    def _():
        more = {"score": "additive"} if cls is Attentive else {}
        return {"source_size": 6, "target_size": 5, "H": 4, "D": 3} | more

    @valid(f"models.{name}.encode")
    def _():
        return {"self": pair(cls)} | source()

    @valid(f"models.{name}.decode", also=("keys", "mask"))
    def _():
        model = pair(cls)
        state = model.encode(**source())
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        return {"self": model, "state": state, "inputs": ids(3, 2)}


for _name, _cls in PAIRS.items():
    register(_name, _cls)


@valid("models.seq2seq.EncoderDecoder.forward", also=("inputs", "state"))
def _():
    return {"self": pair()} | source() | {"target_inputs": ids(3, 2)}


@valid("models.seq2seq.EncoderDecoder.step", infinite=True, also=("inputs",))
def _():
    model = pair()
    return {"self": model, "state": model.encode(**source()).detach(), "tokens": ids(2)}


@valid("models.seq2seq_attention.Attentive.weights")
def _():
    model = pair(Attentive)
    s, keys, _, mask = model.encode(**source())
    return {"self": model, "s": s[:, None].detach(), "keys": keys.detach(), "mask": mask}


@valid("models.seq2seq.sequence_loss", whole=("model",), also=("inputs", "state"))
def _():
    return {"model": pair()} | source() | {"target_inputs": ids(3, 2), "targets": ids(3, 2)}


@valid("models.seq2seq.translate", whole=("model",))
def _():
    return {"model": pair()} | source() | {"limit": 3}


@valid("models.seq2seq.exact")
def _():
    return {"ids": ids(3, 2), "targets": ids(4, 2)}


def captioner():
    return seeded(lambda: Captioner(6, H=4, D=3, F=5))


def pictures():
    return torch.rand(2, 3, 18, 18, generator=torch_rng())


@valid("models.captioner.Captioner")
def _():
    return {"V": 6, "H": 4, "D": 3, "F": 5, "always": False}


@valid("models.captioner.Captioner.encode")
def _():
    return {"self": captioner(), "pictures": pictures()}


@valid("models.captioner.Captioner.decode")
def _():
    return {
        "self": captioner(),
        "state": (torch.zeros(2, 4), torch.ones(2, 5)),
        "tokens": ids(3, 2),
    }


@valid("models.captioner.Captioner.forward", also=("tokens", "state"))
def _():
    return {"self": captioner(), "pictures": pictures(), "inputs": ids(3, 2)}


@valid("models.captioner.Captioner.step", infinite=True)
def _():
    return {"self": captioner(), "state": (torch.zeros(2, 4), torch.ones(2, 5)), "tokens": ids(2)}


@valid("models.captioner.caption_loss", whole=("model",), also=("tokens", "state"))
def _():
    return {"model": captioner(), "pictures": pictures(), "inputs": ids(3, 2), "targets": ids(3, 2)}


@valid("models.lstm_ensemble.draw")
def _():
    kinds = [(0.0, 1000.0, 0.0, 1.0, 1.0)]
    return {"kinds": kinds, "S": 2, "D": 3, "V": 4, "rng": torch_rng(), "H": 5}


# selective recurrences


def block():
    return seeded(lambda: mamba.Mamba(4, 6, S=3))


@valid("models.mamba.Mamba")
def _():
    return {"D": 4, "H": 6, "S": 3, "taps": 4, "without": ("conv",)}


@valid("models.mamba.Mamba.forward", overflows=True)
def _():
    return {"self": block(), "x": torch.randn(5, 2, 4, generator=torch_rng())}


@valid("models.mamba.Mamba.step_sizes")
def _():
    return {"self": block(), "u": torch.randn(5, 2, 6, generator=torch_rng())}


@valid("models.mamba.MambaNetwork")
def _():
    return {"V": 5, "D": 4, "layers": 1, "S": 3, "without": ("conv",)}


@valid("models.mamba.MambaNetwork.forward")
def _():
    return {"self": seeded(lambda: mamba.MambaNetwork(5, 4, 1, 3)), "ids": ids(6, 2)}


def steps():
    beta, gamma = torch.randn(2, 9, 3, generator=torch_rng())
    return {"beta": beta, "gamma": gamma, "s_0": torch.zeros(3)}


valid("models.mamba.scan", overflows=True)(steps)


@valid("models.recorder.Recorder")
def _():
    return {"symbols": 5, "K": 3, "V": 4, "H": 6, "selective": True}


def recorder():
    return {"self": seeded(lambda: Recorder(5, 3, 4, H=6)), "ids": ids(6, 2)}


valid("models.recorder.Recorder.steps", "models.recorder.Recorder.forward")(recorder)


@valid("models.recorder.AnyFilter")
def _():
    return {"T": 6, "symbols": 5, "K": 3, "V": 4}


@valid("models.recorder.AnyFilter.forward")
def _():
    return {"self": AnyFilter(6, 5, 3, 4), "ids": ids(6, 2)}


@valid("models.trackers.Diagonal")
def _():
    return {"symbols": 5, "V": 3, "H": 4, "negative": True}


@valid("models.trackers.Diagonal.forward")
def _():
    return {"self": seeded(lambda: Diagonal(5, 3, H=4)), "ids": ids(6, 2)}


@valid("models.trackers.Mirrors")
def _():
    return {"symbols": 5, "V": 3, "heads": 2, "H": 4, "top": 2.0}


@valid("models.trackers.Mirrors.forward")
def _():
    return {"self": seeded(lambda: Mirrors(5, 3, heads=2, H=4)), "ids": ids(6, 2)}
