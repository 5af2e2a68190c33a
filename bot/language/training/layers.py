"""BERT's layers as plain tensor operations (Devlin et al. 2019): post-norm, exact GELU.

Used for export: the graph reads its table of pieces in int8.
"""

from __future__ import annotations

from typing import Any

import torch

from bot.language.training.smooth import Inverse


def with_positions(body: Any, pieces: torch.Tensor) -> torch.Tensor:
    """Piece embeddings with positions added, normalised."""
    embeddings = body.embeddings
    states = pieces + embeddings.position_embeddings.weight[: pieces.shape[1]]
    result: torch.Tensor = embeddings.LayerNorm(states + embeddings.token_type_embeddings.weight[0])
    return result


def attention_bias(mask: torch.Tensor) -> torch.Tensor:
    """Added to attention scores so that padding gets none."""
    return (1.0 - mask.float())[:, None, None, :] * -1e4


def run_layer(layer: Any, states: torch.Tensor, bias: torch.Tensor, heads: int, even: Inverse) -> torch.Tensor:
    """One transformer layer whose matrices have been through :func:`bot.language.training.smooth.smooth`."""

    def split(projected: torch.Tensor) -> torch.Tensor:
        batch, length, width = projected.shape
        return projected.view(batch, length, heads, width // heads).transpose(1, 2)

    own, out = layer.attention.self, layer.attention.output
    read = states * even.attention
    query, key, value = (split(f(read)) for f in (own.query, own.key, own.value))
    size = query.shape[-1]
    weights = torch.softmax(query @ key.transpose(-1, -2) / size**0.5 + bias, dim=-1)
    mixed = (weights @ value).transpose(1, 2).flatten(2)
    states = out.LayerNorm(out.dense(mixed * even.mixed) + states)
    inner = torch.nn.functional.gelu(layer.intermediate.dense(states * even.inner))
    result: torch.Tensor = layer.output.LayerNorm(layer.output.dense(inner * even.outer) + states)
    return result
