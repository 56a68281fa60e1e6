"""attnviz: see multi-head attention, on your own sentence, with real numbers.

The public names are imported when they are first used, so `import attnviz` costs nothing.
"""

import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from attnviz.core.methods import register
from attnviz.version import __version__ as __version__

if TYPE_CHECKING:
    from attnviz.analysis.between_sentences import between_sentences
    from attnviz.analysis.contrast import contrast
    from attnviz.analysis.find import find
    from attnviz.analysis.head_difference import difference
    from attnviz.analysis.lens import Lens
    from attnviz.analysis.measure import measure
    from attnviz.analysis.norm_weighted import norm_weighted
    from attnviz.analysis.rollout import flow, rollout
    from attnviz.capture.interventions.head_off import HeadOff
    from attnviz.capture.interventions.pair_knocked_out import PairKnockedOut
    from attnviz.capture.interventions.token_masked import TokenMasked
    from attnviz.capture.interventions.weights_uniform import WeightsUniform
    from attnviz.capture.run import trace
    from attnviz.core.heads import HeadId
    from attnviz.core.maps import AttentionMap
    from attnviz.core.sheet import Sheet
    from attnviz.core.tokens import Token
    from attnviz.core.trace import Trace
    from attnviz.errors import (
        ArgumentError,
        AttnvizError,
        BusyError,
        CaptureError,
        InterventionError,
        LessonError,
        ModelError,
        SettingsError,
        TextError,
        TrainingError,
    )
    from attnviz.lessons.chapters import chapters
    from attnviz.models.load import Model, load
    from attnviz.pictures.explorer import explore
    from attnviz.pictures.heatmap import heatmap
    from attnviz.pictures.lines import lines
    from attnviz.pictures.overview import overview
    from attnviz.training.record import Training
    from attnviz.training.train import train

_HOMES = {
    "ArgumentError": "attnviz.errors",
    "AttentionMap": "attnviz.core.maps",
    "AttnvizError": "attnviz.errors",
    "BusyError": "attnviz.errors",
    "CaptureError": "attnviz.errors",
    "HeadId": "attnviz.core.heads",
    "InterventionError": "attnviz.errors",
    "Lens": "attnviz.analysis.lens",
    "LessonError": "attnviz.errors",
    "Model": "attnviz.models.load",
    "ModelError": "attnviz.errors",
    "SettingsError": "attnviz.errors",
    "Sheet": "attnviz.core.sheet",
    "TextError": "attnviz.errors",
    "Token": "attnviz.core.tokens",
    "Trace": "attnviz.core.trace",
    "Training": "attnviz.training.record",
    "TrainingError": "attnviz.errors",
    "between_sentences": "attnviz.analysis.between_sentences",
    "chapters": "attnviz.lessons.chapters",
    "contrast": "attnviz.analysis.contrast",
    "difference": "attnviz.analysis.head_difference",
    "explore": "attnviz.pictures.explorer",
    "find": "attnviz.analysis.find",
    "flow": "attnviz.analysis.rollout",
    "heatmap": "attnviz.pictures.heatmap",
    "lines": "attnviz.pictures.lines",
    "load": "attnviz.models.load",
    "measure": "attnviz.analysis.measure",
    "norm_weighted": "attnviz.analysis.norm_weighted",
    "overview": "attnviz.pictures.overview",
    "rollout": "attnviz.analysis.rollout",
    "trace": "attnviz.capture.run",
    "train": "attnviz.training.train",
}

__all__ = [
    "ArgumentError",
    "AttentionMap",
    "AttnvizError",
    "BusyError",
    "CaptureError",
    "HeadId",
    "HeadOff",
    "InterventionError",
    "Lens",
    "LessonError",
    "Model",
    "ModelError",
    "PairKnockedOut",
    "SettingsError",
    "Sheet",
    "TextError",
    "Token",
    "TokenMasked",
    "Trace",
    "Training",
    "TrainingError",
    "WeightsUniform",
    "between_sentences",
    "chapters",
    "contrast",
    "difference",
    "explore",
    "find",
    "flow",
    "heatmap",
    "lines",
    "load",
    "measure",
    "norm_weighted",
    "overview",
    "rollout",
    "trace",
    "train",
]


_PICTURES = "attnviz.pictures."


def _found_pictures() -> dict[str, str]:
    """The pictures that are not in the table: a folder with a `kind.py`, each of its name."""
    root = os.path.join(__path__[0], "pictures")  # noqa: PTH118 (costs less than pathlib)
    folders = (one.name for one in os.scandir(root) if one.is_dir())
    kinds = [name for name in folders if os.path.isfile(os.path.join(root, name, "kind.py"))]  # noqa: PTH113, PTH118
    known = _HOMES.values()
    return {name: home for name in kinds if (home := _PICTURES + name) not in known}


def _found_interventions() -> dict[str, str]:
    """The interventions: each file holds the class of its name, as `head_off` holds `HeadOff`."""
    root = os.path.join(__path__[0], "capture", "interventions")  # noqa: PTH118
    stems = (one.name.removesuffix(".py") for one in os.scandir(root) if one.name.endswith(".py"))
    return {
        stem.title().replace("_", ""): f"attnviz.capture.interventions.{stem}"
        for stem in stems
        if stem != "__init__"
    }


_HOMES.update(_found_pictures())
_HOMES.update(_found_interventions())
__all__.extend(_HOMES.keys() - set(__all__))
__all__.sort()


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'attnviz' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _function(name: str, home: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(import_module(home), name)
    return found


for _name, _home in _HOMES.items():
    if _home.startswith(_PICTURES):
        register(_name, partial(_function, _name, _home))
register("to_frame", partial(_function, "to_frame", "attnviz.analysis.frame"))
