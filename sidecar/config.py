"""What a run is made of: data, model, training and prediction; read from YAML by the machinery of the manifests."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

from manifests.errors import ManifestError
from manifests.fields import field, from_dict, join
from manifests.files import parse_yaml, read_data

from .augment import Augmentation
from .crops import Anywhere, Crop
from .data.sources import Source
from .models import ModelSpec
from .preprocess import Preprocessing
from .windows import Mirrored, Sliding, Whole, Windows

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class Data:
    """Where samples come from, and what is done to them."""

    sources: tuple[Source, ...] = field("Folders of pictures.")
    target: Literal["defects", "part"] = field("What a segmentation model is to find.", "defects")
    classes: tuple[str, ...] = field(
        "Classes that are defects, and of which each side must show some; none: all but a manifest's impurities.", ()
    )
    preprocessing: Preprocessing = field("Done to every picture.", Preprocessing())
    augmentation: Augmentation = field("Done to training pictures, at random.", Augmentation())
    crop: Crop = field("Which square of a training picture a draw sees.", Anywhere())

    def check(self, path: str) -> None:
        names = [source.name for source in self.sources]
        if not names:
            raise ManifestError(join(path, "sources"), "must have one source at least")
        for name in names:
            if names.count(name) > 1:
                raise ManifestError(join(path, "sources"), f"two sources are named '{name}'; name them apart")


@dataclass(frozen=True)
class Constant:
    """The rate stays."""

    KIND: ClassVar[str] = "constant"

    def factor(self, epoch: int, progress: float) -> float:
        """What the rate is multiplied by, at an epoch and at a share of the whole training."""
        return 1.0


@dataclass(frozen=True)
class Halving:
    """The rate is halved again and again (S2: every 50 epochs)."""

    KIND: ClassVar[str] = "halving"
    every_epochs: int = field("Epochs from one halving to the next.", 50, low=1)

    def factor(self, epoch: int, progress: float) -> float:
        """As for :class:`Constant`."""
        return float(0.5 ** (epoch // self.every_epochs))


@dataclass(frozen=True)
class Cosine:
    """The rate falls to 0 along half a cosine (S0)."""

    KIND: ClassVar[str] = "cosine"

    def factor(self, epoch: int, progress: float) -> float:
        """As for :class:`Constant`."""
        return 0.5 * (1 + math.cos(math.pi * progress))


Schedule: TypeAlias = Constant | Halving | Cosine


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when validation gains nothing any more."""

    patience: int = field("Validations in a row without a gain (S1: 10; S2: 5).", 10, low=1)
    least_gain: float = field(
        "What counts as a gain: share of the best loss by which it falls (S2: 0.01).", 0.0, low=0.0
    )


@dataclass(frozen=True)
class Training:
    """How a model is trained."""

    epochs: int = field("Epochs at most.", 100, low=1)
    steps: int | None = field("Batches of an epoch; nothing: one pass over the samples.", None, low=1)
    batch: int = field("Samples of a batch.", 16, low=1)
    optimizer: Literal["adam", "adamw"] = field("Which optimiser.", "adam")
    rate: float = field("Learning rate at the start.", 1e-3, above=0.0)
    weight_decay: float = field("L2 weight decay.", 0.0, low=0.0)
    schedule: Schedule = field("How the rate changes.", Constant())
    early_stopping: EarlyStopping | None = field("When to stop early; nothing: never.", None)
    validate_every: int = field("Epochs from one validation to the next.", 1, low=1)
    precision: Literal["full", "mixed"] = field("mixed: half precision where it is safe.", "full")
    device: Literal["auto", "cpu", "cuda", "mps"] = field("auto: the first there is of cuda, mps, cpu.", "auto")
    workers: int = field("Processes that prepare batches; 0: none but the training itself.", 0, low=0)
    start_from: str | None = field("Folder of a run whose weights to begin with (fine-tuning); nothing: none.", None)


@dataclass(frozen=True)
class SquaredError:
    """Squared difference of picture and reconstruction, mean over the channels (S1, S3)."""

    KIND: ClassVar[str] = "squared"


@dataclass(frozen=True)
class Dissimilarity:
    """1 - SSIM of picture and reconstruction (S0)."""

    KIND: ClassVar[str] = "dissimilarity"
    sigma: float = field("Standard deviation of the Gaussian window, px; more is smoother.", 1.5, above=0.0)


@dataclass(frozen=True)
class Prediction:
    """How a trained model looks at a picture."""

    windows: Windows = field("How windows are laid over it.", Sliding())
    error_map: SquaredError | Dissimilarity = field("What a reconstruction is compared by.", SquaredError())
    threshold: float | None = field(
        "What is above it in an anomaly map is a defect; nothing: chosen on validation.", None
    )
    batch: int = field("Windows at a time.", 16, low=1)


@dataclass(frozen=True)
class Published:
    """A number of a source document, for comparison."""

    score: str = field("Which score.")
    value: float = field("What the document gives.")
    place: str = field("Where it stands: document, table or figure.")


@dataclass(frozen=True)
class Config:
    """A run, every field of it."""

    name: str = field("Name of the run.")
    data: Data = field("What it learns from.")
    model: ModelSpec = field("What is trained.")
    title: str = field("One line on what the run shows.", "")
    seed: int = field("Determines all that is random in it.", 0, low=0)
    training: Training = field("How.", Training())
    prediction: Prediction = field("How it is used.", Prediction())
    published: tuple[Published, ...] = field("What the source document got.", ())

    def check(self, path: str) -> None:
        if (
            isinstance(self.prediction.windows, Mirrored)
            and 2 * self.prediction.windows.margin_px >= self.model.size_px
        ):
            raise ManifestError(join(path, "prediction.windows.margin_px"), "leaves nothing of the model's input")
        if isinstance(self.prediction.windows, Whole) and self.model.TASK == "reconstruction":
            raise ManifestError(
                join(path, "prediction.windows"), f"'{self.model.KIND}' needs sliding or mirrored windows"
            )


def read_config(
    path: Path,
    *,
    scale: str = "full",
    variant: str | None = None,
    folders: Sequence[str] = (),
    changes: Sequence[str] = (),
) -> Config:
    """Read the config of a run.

    A file may hold, beside the config's own fields: ``variants``, a mapping of names to what differs in each;
    ``small``, what differs at small scale; and ``stand_in``, a mapping of names of sources to other sources, taken
    where no folder is given for the first. The run's title then says so.

    Args:
        path: a file, or the name of a recipe.
        scale: ``full`` or ``small``.
        variant: which variant; None where the file has none.
        folders: ``NAME=FOLDER`` for the sources of those names.
        changes: ``training.epochs=3`` and the like; the values are YAML.

    Raises:
        ManifestError: beginning with the file's name, or that of the change, and the field.
    """
    data, variants = _read(path)
    _check_folders(folders, [data, *variants.values()])
    if variant is None and variants:
        raise ManifestError(str(path), f"has variants; choose one of {', '.join(variants)}")
    if variant is not None:
        if variant not in variants:
            raise ManifestError(str(path), f"has no variant '{variant}'; known are {', '.join(variants) or 'none'}")
        data = merged(data, variants[variant])
        data["name"] = f"{data.get('name', path.stem)}_{variant}"
    small, stand_ins = data.pop("small", {}), data.pop("stand_in", {})
    if scale == "small":
        data = merged(data, small)
    for change in changes:
        data = _changed(data, change)
    data = _with_folders(data, folders, stand_ins)
    try:
        return from_dict(Config, data)
    except ManifestError as error:
        raise ManifestError(f"{path}: {error.field}" if error.field else str(path), error.problem) from None


def variants_of(path: Path) -> list[str]:
    """Names of a file's variants, in its order; none where it is a single run. Raises as :func:`read_config` does."""
    return list(_read(path)[1])


def locate(path: Path) -> Path:
    """The file of a config: what is given, or the recipe of that name."""
    recipe = RECIPES / f"{path.name}.yaml"
    return recipe if not path.exists() and path.parent == Path() and recipe.exists() else path


def merged(base: Any, over: Any) -> Any:
    """Plain data with what is said over it: mappings are merged key by key, all else is replaced.

    A mapping of another ``kind`` replaces the whole.
    """
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    if "kind" in over and over["kind"] != base.get("kind"):
        return dict(over)
    return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        data = read_data(locate(path))
    except ManifestError as error:
        recipes = ", ".join(sorted(recipe.stem for recipe in RECIPES.glob("*.yaml")))
        more = f"; recipes are {recipes}" if "no such file" in error.problem else ""
        raise ManifestError(str(path), error.problem + more) from None
    if not isinstance(data, dict):
        raise ManifestError(str(path), "must be a mapping of fields")
    variants = data.pop("variants", {})
    if not isinstance(variants, dict):
        raise ManifestError(f"{path}: variants", "must be a mapping of names to what differs")
    return data, variants


def _with_folders(data: dict[str, Any], folders: Sequence[str], stand_ins: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with the folders that are given, and stand-ins for sources that are not."""
    given = dict(entry.partition("=")[::2] for entry in folders)
    chosen, title = [], data.get("title", "")
    for name, source in _sources(data):
        if name in given:
            chosen.append({**source, "folder": given[name]})
        elif name in stand_ins:
            chosen.append({"weight": source.get("weight", 1.0), **stand_ins[name], "name": name})
            title += f" (a second render stands in for '{name}')"
        else:
            chosen.append(dict(source))
    return {**data, "title": title, "data": {**data["data"], "sources": chosen}} if chosen else data


def _check_folders(folders: Sequence[str], files: Sequence[Any]) -> None:
    """See that each ``NAME=FOLDER`` names a source of one of the variants at least."""
    names = list(dict.fromkeys(name for data in files for name, _ in _sources(data)))
    for entry in folders:
        name, _, folder = entry.partition("=")
        if name not in names or not folder:
            raise ManifestError("", f"--data {entry}: write NAME=FOLDER; sources are {', '.join(names)}")


def _sources(data: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Name and fields of each source in plain data; none where they are no sources: the parser says what is wrong."""
    described = data.get("data") if isinstance(data, Mapping) else None
    sources = described.get("sources") if isinstance(described, Mapping) else None
    if not isinstance(sources, list) or not all(isinstance(source, Mapping) for source in sources):
        return []
    return [(str(source.get("name", "data")), source) for source in sources]


_STEP = re.compile(r"([A-Za-z_]\w*)((?:\[\d+\])*)")


def _changed(data: Any, change: str) -> Any:
    """Plain data with one change, ``data.sources[0].weight=10``."""
    path, equals, text = change.partition("=")
    steps: list[str | int] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None or not equals:
            raise ManifestError("", f"'{change}' is no change; write training.epochs=3")
        steps += [match.group(1), *map(int, re.findall(r"\d+", match.group(2)))]
    return _put(data, steps, parse_yaml(text) if text.strip() else None, path)


def _put(data: Any, steps: Sequence[str | int], value: Any, path: str) -> Any:
    if not steps:
        return value
    step, *rest = steps
    if isinstance(step, int):
        if not isinstance(data, list) or step >= len(data):
            raise ManifestError(path, f"there is no item {step}")
        return [_put(item, rest, value, path) if k == step else item for k, item in enumerate(data)]
    return {**(data or {}), step: _put((data or {}).get(step), rest, value, path)}
