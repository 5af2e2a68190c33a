"""Dense search with faiss: exact while that is enough, approximate (HNSW) for large collections.

Scores are inner products of unit vectors. Up to :data:`EXACT_UNITS` all of them are returned; above,
only the neighbours that the graph finds, the others at :data:`FLOOR`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

EXACT_UNITS = 60_000
NEIGHBOURS = 256
FLOOR = 0.0


class DenseIndex:
    """Unit vectors behind faiss. Rows keep their positions; :meth:`append` adds at the end."""

    def __init__(self, dimension: int) -> None:
        self._vectors = np.zeros((0, dimension), np.float32)
        self._graph: Any = None
        self._in_graph = 0

    @property
    def vectors(self) -> Floats:
        """All vectors, in order."""
        return self._vectors

    @property
    def exact(self) -> bool:
        """Whether every score is computed."""
        return len(self._vectors) <= EXACT_UNITS

    def fit(self, vectors: Floats) -> DenseIndex:
        """Takes the vectors; builds the graph where there are many."""
        self._vectors = np.ascontiguousarray(vectors, np.float32)
        self._graph, self._in_graph = None, 0
        if not self.exact:
            import faiss

            self._graph = faiss.IndexHNSWFlat(self._vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
            self._graph.hnsw.efConstruction = 80
            self._graph.hnsw.efSearch = 128
            self._graph.add(self._vectors)
            self._in_graph = len(self._vectors)
        return self

    def append(self, vectors: Floats) -> None:
        """Adds vectors at the end; found at once."""
        self._vectors = np.vstack([self._vectors, np.asarray(vectors, np.float32)])
        if self._graph is not None:
            self._graph.add(np.ascontiguousarray(vectors, np.float32))
            self._in_graph = len(self._vectors)
        elif not self.exact:
            self.fit(self._vectors)

    def scores(self, queries: Floats) -> Floats:
        """Queries × rows. See the module for what stands at rows the graph did not reach."""
        queries = np.ascontiguousarray(queries, np.float32)
        if self._graph is None:
            return queries @ self._vectors.T
        found, rows = self._graph.search(queries, NEIGHBOURS)
        out = np.full((len(queries), len(self._vectors)), FLOOR, np.float32)
        for i, (scores, columns) in enumerate(zip(found, rows, strict=True)):
            good = columns >= 0
            out[i, columns[good]] = scores[good]
        return out
