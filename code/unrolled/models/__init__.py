"""Networks, and tables of counts, that predict sequences; and the one loop that trains them.

Written with torch, apart from the n-gram and the hidden Markov model, which only count. Models read
ids or vectors and give logits; how to choose from these is the business of `unrolled.decoding`.
"""

from unrolled.models.captioner import Captioner
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
