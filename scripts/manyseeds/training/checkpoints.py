"""Checkpoints: the state of a training that was cut off, to go on from."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from manyseeds.networks.weight_files import write_weights


def save(path: Path, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Write tensors and a state that JSON can hold; an earlier file is replaced at once or not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_weights(path, tensors, {"state": json.dumps(state)})


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Return the tensors and the state of a checkpoint, or None where there is no whole one."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, json.loads(file.metadata()["state"])
    except (SafetensorError, KeyError, TypeError, ValueError):
        return None


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimizer's state by names such as ``optimizer.3.exp_avg``."""
    return {
        f"optimizer.{number}.{name}": value
        for number, parameter in enumerate(_parameters(optimizer))
        for name, value in optimizer.state[parameter].items()
        if value is not None
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` returned."""
    parameters = list(_parameters(optimizer))
    for name, value in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimizer":
            number, _, part = rest.partition(".")
            optimizer.state[parameters[int(number)]][part] = value


def _parameters(optimizer: torch.optim.Optimizer) -> Iterable[Tensor]:
    return (parameter for group in optimizer.param_groups for parameter in group["params"])


def fingerprint(*parts: Any) -> str:
    """Return a SHA-256 of what a training starts from: arrays by their bytes, others by repr."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Tensor):
            part = part.detach().cpu().numpy()
        if hasattr(part, "tobytes"):
            digest.update(repr((part.shape, part.dtype)).encode())
            for rows in part:  # a memory-mapped array is never read whole
                digest.update(rows.tobytes())
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()
