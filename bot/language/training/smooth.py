"""Evens out what each matrix reads before it is quantised.

A few channels of a transformer's activations are far larger than the rest; quantised with one scale, the rest lose
their bits. Dividing each channel by a factor and multiplying the matrix's column by it changes nothing in exact
arithmetic and moves half of the difficulty to the weights (Xiao et al. 2023, "SmoothQuant").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

_MIGRATED = 0.5      # the share of the difficulty that the weights take over
_BATCH = 32


class Inverse(NamedTuple):
    """For one layer what its inputs are multiplied by: of query, key and value; of the attention's output; of both
    matrices of the inner part."""

    attention: torch.Tensor
    mixed: torch.Tensor
    inner: torch.Tensor
    outer: torch.Tensor


def _groups(layer: Any) -> list[list[torch.nn.Linear]]:
    """The matrices of a layer by what they read, in the order of :class:`Inverse`."""
    own = layer.attention.self
    return [[own.query, own.key, own.value], [layer.attention.output.dense], [layer.intermediate.dense], [layer.output.dense]]


@torch.no_grad()
def smooth(student: Any, texts: Sequence[str]) -> list[Inverse]:
    """Multiply the matrices' columns; gives for each layer what its inputs have to be multiplied by.

    ``texts`` show how large the channels get. The student computes something else afterwards: export it at once.
    """
    layers = list(student.body.encoder.layer)
    largest: dict[torch.nn.Linear, torch.Tensor] = {}

    def watch(module: torch.nn.Linear) -> Callable[..., None]:
        def seen(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            top = inputs[0].abs().flatten(0, -2).amax(0)
            largest[module] = torch.maximum(largest[module], top) if module in largest else top

        return seen

    firsts = [group[0] for layer in layers for group in _groups(layer)]
    hooks = [module.register_forward_pre_hook(watch(module)) for module in firsts]
    student.encode(list(texts), batch=_BATCH)
    for hook in hooks:
        hook.remove()
    return [Inverse(*(_even(group, largest[group[0]]) for group in _groups(layer))) for layer in layers]


def _even(matrices: Sequence[torch.nn.Linear], read: torch.Tensor) -> torch.Tensor:
    weight = torch.stack([matrix.weight.abs().amax(0) for matrix in matrices]).amax(0).clamp(min=1e-5)
    factor = (read.clamp(min=1e-5) ** _MIGRATED / weight ** (1 - _MIGRATED)).clamp(min=1e-5)
    for matrix in matrices:
        matrix.weight *= factor
    return 1 / factor
