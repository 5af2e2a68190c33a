"""Training of the sentence encoder that Relais ships.

Run the steps in order, each as ``python -m bot.language.training.<step>``:

1. ``vocabulary``  the pieces of six languages out of the teacher's, and half of its layers
2. ``distil``      the student learns to do with half the layers what the teacher does with all
3. ``contrast``    customers' phrasings, titles and answers are pulled together
4. ``export``      int8 ONNX and the files that sentence-transformers loads
5. ``evaluate``    the figures in the model card

Everything runs on a CPU. ``--data`` names a folder with ``parallel/``, ``paraphrases/`` and
``dev/`` as described in the model card.
"""
