"""Step 1: a subword vocabulary for six languages.

A unigram language model (Kudo 2018) over lower-cased text without accents: customers drop accents
as often as they type them, so both spellings share one embedding and no entry is spent twice.
Pieces carry no mark of where a word starts, so that "deau", "d'eau" and "d eau" are the same two
pieces and a Dutch or German compound shares its parts with the words it is made of. Of punctuation
only the question mark stays; long numbers are one sign. A new vocabulary for an old body follows Artetxe et al. 2020, "On the Cross-lingual Transferability of Monolingual
Representations".
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import (
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from bot.language.training.corpus import (
    balanced,
    generator,
    read_pairs,
    read_topics,
    training_topics,
)
from bot.language.training.noise import noisy

_OTHER_SCRIPT = re.compile(r"[\u0370-\u1dff\u2c00-\ua71f\ua800-\ufaff]")
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def _normalizer() -> normalizers.Normalizer:
    return normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace("œ", "oe"),
            normalizers.Replace("æ", "ae"),
            normalizers.Replace("ß", "ss"),
            normalizers.Replace("€", " euro "),
            normalizers.Replace("£", " pound "),
            normalizers.NFD(),
            normalizers.StripAccents(),
            normalizers.Replace(Regex(r"\?[?!\s]*"), " ? "),
            normalizers.Replace(Regex(r"\p{N}{5,}"), " 9 "),
            normalizers.Replace(Regex(r"[^\p{L}\p{N}?%+@&]"), " "),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )


def new_tokenizer() -> Tokenizer:
    """An untrained tokenizer with the normalisation described above."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)]
    )
    return tokenizer


def _texts(data: Path, seed: int) -> Iterator[str]:
    """Six languages in comparable amounts; the customers' own words count most."""
    rng = generator(seed)
    weights = {
        "tatoeba_anki/fr": 0.8, "tatoeba_anki/de": 0.5, "tatoeba_anki/es": 0.7,
        "omw_wordnet": 0.4, "omw_wordnet/it": 1.5, "iobroker_home_energy": 0.3,
        "solidus_ecommerce": 0.3, "liberapay_payments": 3.0, "payments_ui": 3.0,
        "massive_train_only/it": 4.0, "massive_train_only/nl": 2.0,
    }  # fmt: skip
    pairs = balanced(list(read_pairs(data)), weights, rng)
    for pair in pairs:
        if _OTHER_SCRIPT.search(pair.text + pair.english):
            continue
        yield noisy(pair.text, pair.language, rng, 0.1)
        if rng.random() < 0.3:
            yield pair.english
    for topic in training_topics(read_topics(data)):
        for language, phrasings in topic.phrasings.items():
            copies = 6 if language == "fr" else 8
            for text in [*phrasings, topic.titles[language]]:
                yield from (noisy(text, language, rng, 0.2) for _ in range(copies))
        yield from [topic.answer] * 10


def _score(piece: str, score: float) -> float:
    """Make pieces of one to three letters a last resort inside words.

    "a", "de" or "est" are frequent words, so a unigram model would spell unknown words with them;
    alone between spaces they are chosen all the same, there being nothing else. Letters that French
    elides are spared, so that "deau" and "jai" come apart where the apostrophe was.
    """
    if len(piece) == 1:
        return min(score, -10.0 if piece in "cdjlmnqst" else -13.0)
    return min(score, {2: -10.5, 3: -9.0}.get(len(piece), 0.0))


def with_whole_words(tokenizer: Tokenizer, texts: Iterable[str], share: float) -> Tokenizer:
    """Give ``share`` of the vocabulary to the most frequent words, the rest to the best pieces."""
    counts: Counter[str] = Counter()
    normalizer, splitter = tokenizer.normalizer, tokenizer.pre_tokenizer
    for text in texts:
        counts.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    total = sum(counts.values())
    written = json.loads(tokenizer.to_str())
    entries: list[tuple[str, float]] = written["model"]["vocab"]
    size = len(entries)
    letters = [
        chr(code) for code in (*range(ord("a"), ord("z") + 1), *range(ord("0"), ord("9") + 1))
    ]
    scores = dict.fromkeys([*letters, *"?%+@&"], -13.0)
    for word, count in counts.most_common(int(size * share)):
        if count >= 3 and not _OTHER_SCRIPT.search(word):
            scores[word] = math.log(count / total)
    for piece, score in sorted(entries[len(SPECIAL) :], key=lambda entry: -entry[1]):
        if len(scores) >= size - len(SPECIAL):
            break
        if len(piece) > 1 and not _OTHER_SCRIPT.search(piece):
            scores.setdefault(piece, score)
    written["model"]["vocab"] = entries[: len(SPECIAL)] + [
        [piece, _score(piece, score)] for piece, score in scores.items()
    ]
    return Tokenizer.from_str(json.dumps(written))


def train(data: Path, size: int, seed: int) -> Tokenizer:
    """Train the vocabulary and add the sentence marks that the teacher's body expects."""
    tokenizer = new_tokenizer()
    trainer = trainers.UnigramTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        unk_token="[UNK]",  # noqa: S106
        max_piece_length=18,
        shrinking_factor=0.7,
        n_sub_iterations=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(data, seed), trainer)
    tokenizer = with_whole_words(tokenizer, _texts(data, seed), share=0.85)
    start, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", start), ("[SEP]", end)]
    )
    return tokenizer


def main() -> None:
    """Write ``tokenizer.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for tokenizer.json")
    parser.add_argument("--size", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=17)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = train(args.data, args.size, args.seed)
    tokenizer.save(str(args.out / "tokenizer.json"))
    print(f"{tokenizer.get_vocab_size()} entries")


if __name__ == "__main__":
    main()
