"""Training of the sentence encoder that Relais ships.

Run the steps in order, each as ``python -m bot.language.training.<step>``:

1. ``vocabulary``  a subword vocabulary for six languages
2. ``lexicon``     starting embeddings for it from word alignments (no gradient)
3. ``distil``      the teacher's body learns the new vocabulary over parallel sentences
4. ``contrast``    customers' phrasings, titles and answers are pulled together (``upper``: the
   upper layers alone, a fifth of the cost)
5. ``export``      int8 ONNX and the files that sentence-transformers loads
6. ``evaluate``    the figures in the model card

Everything runs on a CPU. ``--data`` names a folder with ``parallel/``, ``paraphrases/`` and
``dev/`` as described in the model card.
"""
