"""What a run is made of: data, model, training and prediction; a field for each thing said of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from manifests.errors import ManifestError
from manifests.fields import field, join

from .data.augmentation import Augmentation
from .data.crops import Anywhere, Crop, Tile
from .data.preprocessing import Preprocessing
from .data.sources import Source
from .models import ModelSpec
from .prediction.windows import Mirrored, Sliding, Whole, Windows


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
    workers: int = field(
        "Processes that prepare batches; 0, and where a U-Net finds the part: none but the training itself.", 0, low=0
    )
    start_from: str | None = field(
        "Run whose weights to begin with (fine-tuning): its folder, or its name where it lies beside this one.", None
    )


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
        if self.model.TASK == "distance":
            return  # It takes whole pictures of any size.
        size, multiple = self.model.size_px, self.model.MULTIPLE_PX
        crop, windows = self.data.crop, self.prediction.windows
        nothing = f"leaves nothing of the model's input of {size} px"
        if size % multiple:
            raise ManifestError(join(path, "model.size_px"), f"must be a multiple of {multiple}, got {size}")
        if isinstance(crop, Tile) and 2 * crop.margin_px >= size:
            raise ManifestError(join(path, "data.crop.margin_px"), nothing)
        if isinstance(windows, Mirrored) and 2 * windows.margin_px >= size:
            raise ManifestError(join(path, "prediction.windows.margin_px"), nothing)
        if isinstance(windows, Sliding) and windows.stride_px > size:
            raise ManifestError(
                join(path, "prediction.windows.stride_px"),
                f"must be <= {size}, the model's input, or some pixels are in no window; got {windows.stride_px}",
            )
        if isinstance(windows, Whole) and self.model.TASK == "reconstruction":
            raise ManifestError(
                join(path, "prediction.windows"), f"'{self.model.KIND}' needs sliding or mirrored windows"
            )
        if isinstance(windows, Whole) and windows.multiple_px % multiple:
            raise ManifestError(
                join(path, "prediction.windows.multiple_px"),
                f"must be a multiple of {multiple} for '{self.model.KIND}', got {windows.multiple_px}",
            )
