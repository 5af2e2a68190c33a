"""Search over articles: lexical alone, the joined retriever, live changes, keeping, large collections."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.errors import TooLarge
from bot.faq import dense
from bot.faq.articles import Article
from bot.faq.datafiles import Question
from bot.faq.dense import DenseIndex
from bot.faq.evaluation import evaluate_faq
from bot.faq.interference import interference
from bot.faq.lexical import LexicalSearch
from bot.faq.retriever import Retriever
from bot.faq.vectors import VectorCache
from bot.language.tokens import stems
from bot.settings import ROOT


class WordsEncoder:
    """Sums a fixed random vector for every stem: texts that share words are near. Stands in for the real one."""

    dimension, name, fingerprint = 64, "words", "words-1"

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str], *, kind: str = "query") -> np.ndarray:
        self.seen += list(texts)
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in stems(text, "fr"):
                seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big")
                row += np.random.default_rng(seed).normal(size=self.dimension).astype(np.float32)
            row /= max(float(np.linalg.norm(row)), 1e-6)
        return rows


TOPICS = {
    "rib": ("Changer de RIB", ["nouveau compte bancaire", "changer mon iban", "ma banque a changé", "coordonnées bancaires", "modifier le rib", "autre banque"]),
    "gaz": ("Odeur de gaz", ["ça sent le gaz", "fuite de gaz cuisine", "odeur bizarre gazinière", "gaz qui fuit", "je sens du gaz", "tuyau de gaz percé"]),
    "resilier": ("Résilier son contrat", ["arrêter mon abonnement", "mettre fin au contrat", "je vous quitte", "fermer le contrat", "résiliation", "partir chez un concurrent"]),
    "releve": ("Transmettre un relevé", ["donner mon index", "chiffres du compteur", "auto relève", "index du mois", "envoyer mon relevé", "lire le compteur"]),
    "facture": ("Comprendre sa facture", ["facture trop chère", "montant de la facture", "détail facture", "pourquoi je paye autant", "prix sur la facture", "facture incompréhensible"]),
    "demenager": ("Déménager", ["je déménage", "nouvelle adresse", "changer de logement", "je quitte l'appartement", "emménager maison", "déménagement prévu"]),
    "linky": ("Le compteur Linky", ["linky ondes", "refuser linky", "compteur communicant", "pose du linky", "linky obligatoire", "vert fluo compteur"]),
    "cheque": ("Chèque énergie", ["utiliser mon chèque énergie", "chèque de l'état", "aide chèque énergie", "bénéficiaire chèque", "déduire le chèque", "chèque pas reçu"]),
    "panne": ("Panne de courant", ["plus de courant", "coupure électricité", "disjoncteur saute", "tout est éteint", "panne quartier", "noir complet"]),
    "puissance": ("Choisir sa puissance", ["6 ou 9 kva", "combien de kva", "puissance compteur maison", "15Kva trop", "augmenter puissance", "calcul kva"]),
}
ARTICLES = [Article(slug, "fr", title, f"{title} : réponse.", f"## Détail\n{title} en pratique.", tuple(lines)) for slug, (title, lines) in TOPICS.items()]


@pytest.fixture(scope="module")
def retriever() -> Retriever:
    return Retriever.fit(ARTICLES, WordsEncoder())  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "slug"), [("jveu changé mon rib", "rib"), ("SA SENT LE GAZ", "gaz"), ("resiliation contrat", "resilier"), ("15 000 VA", "puissance"), ("mon linki", "linky")])
def test_typed_text_finds_its_article(retriever: Retriever, text: str, slug: str) -> None:
    assert retriever.search(text, language="fr")[0].id == slug


def test_probabilities_are_ordered_and_sum_to_at_most_one(retriever: Retriever) -> None:
    for text in ("facture", "je vous quitte demain", "zzz qqq", "compteur"):
        found = [c.probability for c in retriever.search(text, language="fr")]
        assert found == sorted(found, reverse=True)
        assert sum(found) <= 1.001
        assert all(0 <= p <= 1 for p in found)


def test_nothing_to_find_is_no_error(retriever: Retriever) -> None:
    assert retriever.search("   ", language="fr") == []
    assert LexicalSearch([]).search("facture") == []


def test_new_article_is_found_at_once_and_forgotten_at_once(retriever: Retriever) -> None:
    changed = retriever.copy()
    changed.add(Article("zebre", "fr", "Adopter un zèbre", "On adopte.", variants=("un zèbre à la maison", "zebre domestique")))
    assert changed.search("adopter zebre", language="fr")[0].id == "zebre"
    assert all(c.id != "zebre" for c in retriever.search("adopter zebre", language="fr"))      # the original is untouched
    changed.remove("zebre", "fr")
    changed.remove("zebre", "fr")
    assert all(c.id != "zebre" for c in changed.search("adopter zebre", language="fr"))
    assert changed.search("odeur de gaz", language="fr")[0].id == "gaz"


def test_edited_title_replaces_the_old_one(retriever: Retriever) -> None:
    changed = retriever.copy()
    changed.add(Article("rib", "fr", "Girafe et RIB", "Nouveau."))
    found = changed.search("girafe", language="fr")[0]
    assert (found.id, found.title) == ("rib", "Girafe et RIB")
    assert len(changed.index.ids) == len(ARTICLES)


def test_customers_language_is_preferred_and_others_allowed(retriever: Retriever) -> None:
    changed = retriever.copy()
    changed.add(Article("gaz", "en", "Smell of gas", "Leave.", variants=("i smell gas",)))
    assert changed.search("smell of gas", language="en")[0].locale == "en"
    assert changed.search("odeur de gaz", language="fr")[0].locale == "fr"
    assert changed.search("linky", language="en")[0].locale == "fr"


def test_kept_retriever_decides_alike(retriever: Retriever, tmp_path: Path) -> None:
    retriever.save(tmp_path)
    assert not list(tmp_path.glob("*.pkl"))
    again = Retriever.load(tmp_path, WordsEncoder())  # type: ignore[arg-type]
    for text in ("facture", "je quitte", "6 ou 9 kva"):
        a, b = retriever.search(text, language="fr"), again.search(text, language="fr")
        assert [c.id for c in a[:3]] == [c.id for c in b[:3]]
        assert a[0].probability == pytest.approx(b[0].probability, abs=0.02)


def test_customers_messages_are_not_remembered(retriever: Retriever) -> None:
    vectors = retriever.index.vectors
    assert vectors is not None
    before = len(vectors._known)
    retriever.search("mon IBAN secret FR76", language="fr")
    assert len(vectors._known) == before


def test_same_input_gives_the_same_retriever() -> None:
    first, second = (Retriever.fit(ARTICLES, WordsEncoder()) for _ in range(2))  # type: ignore[arg-type]
    for text in ("facture", "zut alors", "adresse"):
        assert first.search(text, language="fr") == second.search(text, language="fr")


def test_held_out_phrasings_were_hidden(retriever: Retriever) -> None:
    """A phrasing asked while hidden must not be found by itself: some are missed, which never happens when shown."""
    shown = [retriever.search(v, language="fr")[0].id == a.id for a in ARTICLES for v in a.variants]
    hidden = [h.found[0] == h.slug for h in retriever.held.values()]
    assert len(hidden) == sum(len(a.variants) for a in ARTICLES)
    assert np.mean(shown) > np.mean(hidden) > 1 / len(ARTICLES)


def test_interference_names_the_thief() -> None:
    twin = Article("resilier-bis", "fr", "Mettre fin au contrat", "Fin.", variants=("arrêter abonnement", "fin du contrat", "fermer mon contrat", "résiliation du contrat", "je pars", "quitter"))
    thefts, own = interference([*ARTICLES, twin], None)
    pairs = {frozenset((t.owner, t.thief)) for t in thefts[:4]}
    assert frozenset(("resilier", "resilier-bis")) in pairs
    assert 0 < own < 1


def test_lexical_search_alone_on_the_demo_articles() -> None:
    from bot.faq.articles import load_articles

    articles = [a for a in load_articles(ROOT / "data" / "faq") if a.locale == "fr"]
    search = LexicalSearch(articles)
    titles = [search.search(a.title, language="fr")[0].id == a.id for a in articles]
    assert np.mean(titles) >= 0.97
    assert search.search("jé perdu mon mdp", language="fr")[0].id == "mot-de-passe"


def test_approximate_index_finds_what_the_exact_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(4000, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = vectors[:200] + 0.1 * rng.normal(size=(200, 32)).astype(np.float32)
    exact = DenseIndex(32).fit(vectors).scores(queries).argmax(axis=1)
    monkeypatch.setattr(dense, "EXACT_UNITS", 1000)
    index = DenseIndex(32).fit(vectors[:3990])
    index.append(vectors[3990:])
    assert not index.exact
    assert (index.scores(queries).argmax(axis=1) == exact).mean() >= 0.98
    assert index.scores(vectors[3995:3996]).argmax() == 3995


def test_more_texts_than_memory_holds_are_served_by_the_shipped_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every matrix of all similarities at once would be too large: none is made."""
    articles = [Article(id=f"a{n}", locale="fr", title=f"sujet {n}", answer=f"réponse {n}", variants=tuple(f"phrase {n} {i}" for i in range(8)))
                for n in range(10)]
    monkeypatch.setattr("bot.faq.kernel.MAX_TEXTS", 50)

    def never(*_: object) -> None:
        raise AssertionError("all similarities were computed")
    monkeypatch.setattr("bot.faq.retriever.held_out", never)
    retriever = Retriever.fit(articles, None)
    assert retriever.decisions is None
    assert retriever.search("sujet 3")[0].id == "a3"
    with pytest.raises(TooLarge, match="at most 50 can be compared"):
        interference(articles, None)


def test_another_encoder_without_labels_is_told_whose_probabilities_these_are() -> None:
    articles = [Article(id=slug, locale="fr", title=title, answer=title) for slug, title in (("a", "payer la facture"), ("b", "relever le compteur"))]
    asked = [Question("payer facture", ("a",)), Question("relever compteur", ("b",))]
    assert "--calibrate" in evaluate_faq(articles, asked, VectorCache(WordsEncoder()))["warnings"][0]
    assert "warnings" not in evaluate_faq(articles, asked, None)
