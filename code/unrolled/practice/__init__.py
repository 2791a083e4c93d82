"""What an engineer meets besides the network: text cut into pieces, and pieces fed to a network.

Vocabularies learnt from text (`bpe`, `unigram`, beside the library in `sentencepieces`), losses for
large ones (`softmax`), texts of different lengths (`batching`) and streams of documents
(`streams`). Cutting and batching need NumPy alone, the rest torch or sentencepiece.
"""
