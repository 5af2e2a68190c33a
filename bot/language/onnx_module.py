"""The shipped encoder as a sentence-transformers module.

``modules.json`` names this class, so ``SentenceTransformer(folder)`` loads the int8 graph and runs
it with onnxruntime. It is for inference: the graph holds no torch parameters to train.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from sentence_transformers.base.modules import InputModule
from typing_extensions import Self

from bot.language.onnx_session import CONFIG, OnnxSentenceSession


class OnnxTransformer(InputModule):
    """Piece ids in, unit sentence vectors out."""

    config_file_name = CONFIG

    def __init__(self, folder: str | Path, *, threads: int = 1) -> None:
        super().__init__()
        self.session = OnnxSentenceSession(Path(folder), threads=threads)

    def preprocess(
        self, inputs: list[Any], prompt: str | None = None, **kwargs: Any
    ) -> dict[str, torch.Tensor]:
        """Tokenize texts."""
        texts = [(prompt or "") + str(text) for text in inputs]
        ids, mask = self.session.tokenize(texts)
        return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Run texts one at a time, for the reason given in ``OnnxSentenceSession.encode``."""
        rows = []
        for ids, mask in zip(features["input_ids"], features["attention_mask"], strict=True):
            length = int(mask.sum())
            row = self.session.run(
                ids[None, :length].cpu().numpy(), mask[None, :length].cpu().numpy()
            )
            rows.append(torch.from_numpy(row[0]))
        features["sentence_embedding"] = torch.stack(rows)
        return features

    @property
    def max_seq_length(self) -> int:
        """Longer texts are cut."""
        return self.session.max_tokens

    def get_embedding_dimension(self) -> int:
        """Length of a vector."""
        return self.session.dimension

    def get_sentence_embedding_dimension(self) -> int:
        """The same under its older name."""
        return self.session.dimension

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Copy the files: they never change once written."""
        for path in self.session.folder.iterdir():
            if path.suffix in {".onnx", ".json"} and path.name != "modules.json":
                target = Path(output_path) / path.name
                if path.resolve() != target.resolve():
                    shutil.copyfile(path, target)

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Load from a local folder, or from the hub through the library's own cache."""
        folder = cls.load_dir_path(
            model_name_or_path,
            subfolder=subfolder,
            token=token,
            cache_folder=cache_folder,
            revision=revision,
            local_files_only=local_files_only,
        )
        return cls(folder or model_name_or_path)
