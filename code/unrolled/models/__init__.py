"""Models that predict sequences: torch networks, n-grams, a hidden Markov model.

The n-gram and the hidden Markov model need NumPy alone. Models read ids or vectors and give logits;
how to choose from these is the business of `unrolled.decoding`. One loop trains all of torch's.
"""

from unrolled.models.captioner import Captioner
from unrolled.models.checkpoint import Checkpoint
from unrolled.models.hmm import HMM
from unrolled.models.language_model import LanguageModel, generate, perplexity
from unrolled.models.ngram import NGram
from unrolled.models.protocols import Decoder, Seq2Seq
from unrolled.models.seq2seq import EncoderDecoder, Reminded
from unrolled.models.seq2seq_attention import Attentive
from unrolled.models.training import History, train

__all__ = [
    "HMM",
    "Attentive",
    "Captioner",
    "Checkpoint",
    "Decoder",
    "EncoderDecoder",
    "History",
    "LanguageModel",
    "NGram",
    "Reminded",
    "Seq2Seq",
    "generate",
    "perplexity",
    "train",
]
