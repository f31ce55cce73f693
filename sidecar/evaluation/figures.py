"""Figures of the reports: curves as SVG and pictures as data URIs, which a page holds in itself."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray
from PIL import Image

from ..scores import bins, curves, detection
from ..scores.batches import ControlChart
from ..scores.bins import Floats
from ..scores.domain import Projection
from ..scores.tally import COVERAGES
from .counting import Evaluation, Picture

COLORS = ("#1b6ca8", "#d1495b", "#2e8b57", "#edae49", "#7a5195", "#4d9de0", "#8a6f4e", "#66757f")
"""In the order of what is compared; chosen to be told apart by those who see red and green alike, too."""
HIT, ALARM, MISSED = (46, 204, 113), (231, 76, 60), (52, 120, 246)
"""Colours of pixels: found, called without being a defect, not found (S4, figure 4)."""
_STYLES = ("-", "--", ":", "-.")
_MOST_POINTS = 400
_SHOWN_PX = 360
_MOST_INSIDE = 6
"""Entries of a legend that still leave room for the curves beside it."""

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e7eb",
    "axes.edgecolor": "#66757f",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "defectory",
}


def losses(shown: Mapping[str, Mapping[str, Any]]) -> str:
    """Losses of training, dashed, and of validation over the epochs (S0, figure 10); empty where no run has any."""
    trained = {name: record for name, record in shown.items() if record["losses"]}
    if not trained:
        return ""
    similar = all(record["similarity"] for record in trained.values())
    with _Plot("Training (dashed) and validation", "epoch", "SSIM" if similar else "loss") as plot:
        values = [up for record in trained.values() for _, line in record["losses"].items() for up in line[1]]
        if min(values) > 0 and not similar:
            plot.axes.set_yscale("log")
        for color, (name, record) in zip(_colors(), trained.items()):
            for kind, line in record["losses"].items():
                dashed = kind == "training" and len(record["losses"]) > 1
                label = None if dashed else name
                plot.axes.plot(*line, color=color, linestyle="--" if dashed else "-", label=label)
    return plot.svg


def precision_recall(shown: Mapping[str, Mapping[str, Any]]) -> str:
    """Precision over recall of the pixels of each run, with the point of its threshold."""
    with _Plot("Precision and recall of the pixels", "recall", "precision") as plot:
        plot.axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        for color, (name, record) in zip(_colors(), shown.items()):
            if "precision_recall" in record:
                plot.axes.plot(*record["precision_recall"], color=color, label=name)
                plot.axes.plot(*record["point"], "o", color=color)
    return plot.svg


def operating(shown: Mapping[str, Mapping[str, Any]]) -> str:
    """True positive rate of the pixels (ROC; S0, figure 16) over the false positive rate.

    With the overlap of the regions (PRO) where one run alone is shown.
    """
    with _Plot("Found over false alarms", "false positive rate of the pixels", "found") as plot:
        plot.axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        for color, (name, record) in zip(_colors(), shown.items()):
            if "pixels" not in record:
                continue
            if len(shown) > 1:
                plot.axes.plot(*record["pixels"], color=color, label=name)
                continue
            plot.axes.axvline(curves.FALSE_POSITIVE_LIMIT, color="#b8c0c7", linewidth=0.8, linestyle=":")
            plot.axes.plot(*record["pixels"], color=color, label="pixels")
            plot.axes.plot(*record["regions"], color=color, linestyle="--", label="regions")
    return plot.svg


def overlap(shown: Mapping[str, Mapping[str, Any]]) -> str:
    """IoU per class over the threshold, the mean over the images (S0, figure 14); the line is the threshold.

    One run alone has a colour for each class; of several, each run has a colour and each class a style.
    """
    with _Plot("IoU over the threshold, by class", "threshold", "mean IoU of the images") as plot:
        plot.axes.set_xscale("log")
        limits: list[float] = []
        labels = list(dict.fromkeys(label for record in shown.values() for label in record["iou"]))
        several = len(shown) > 1
        for color, (name, record) in zip(_colors(), shown.items()):
            for k, label in enumerate(labels):
                if label not in record["iou"]:
                    continue
                line = record["iou"][label]
                limits += [line[0][0], line[0][-1]]
                look: Any = {"color": color, "linestyle": _STYLES[k % len(_STYLES)]}
                look = look if several else {"color": COLORS[k % len(COLORS)]}
                plot.axes.plot(*line, label=f"{name}: {label}" if several else label, **look)
            if not several:
                plot.axes.axvline(record["threshold"], color="#66757f", linewidth=0.8)
        if limits:
            # Far below the scores of the background, IoU is a constant.
            plot.axes.set_xlim(max(min(limits), max(limits) / 100), max(limits))
        plot.axes.set_ylim(bottom=0)
    return plot.svg


def coverage(found: Evaluation) -> str:
    """Defect-wise recall per class, and its mean, over the coverage that counts as found (S4, figure 5)."""
    with _Plot("Defects found, by the share that must be covered", "coverage of the defect [%]", "found [%]") as plot:
        plot.axes.set(ylim=(0, 103))
        by_class = detection.recall_by_coverage(found.tally, found.thresholds.overall)
        ticks = range(len(COVERAGES))
        for color, (name, recall) in zip(_colors(), by_class.items()):
            style = ":" if name in found.tally.acceptable else "-"
            plot.axes.plot(ticks, 100 * recall, style, marker=".", color=color, label=name)
        mean = detection.mean_recall(by_class, found.tally)
        if mean is not None and len(by_class) > 1:
            plot.axes.plot(ticks, 100 * mean, color="black", linewidth=2, label="mean of the defects")
        plot.axes.set_xticks(list(ticks), ["1 px", *(f"{100 * share:g}" for share in COVERAGES[1:])])
    return plot.svg


def singly(found: Evaluation) -> str:
    """Each defect by its size and its contrast, found or missed; empty where no twin tells the contrast."""
    told = [defect for defect in found.defects if defect.measures.get("contrast", 0) > 0]
    if not told:
        return ""
    size = "diameter_mm" if all("diameter_mm" in defect.measures for defect in told) else "diameter_px"
    with _Plot("Defects by size and contrast", size.replace("_", " "), "contrast, over the noise") as plot:
        plot.axes.set(xscale="log", yscale="log")
        for kind, marker, color in ((True, "o", COLORS[2]), (False, "x", COLORS[1])):
            mine = [defect.measures for defect in told if defect.found is kind]
            label = f"{'found' if kind else 'missed'}: {len(mine)}"
            places = [[measures[name] for measures in mine] for name in (size, "contrast")]
            plot.axes.plot(*places, marker, linestyle="", markersize=4.5, color=color, label=label, alpha=0.8)
    return plot.svg


def densities(found: Evaluation) -> str:
    """How the scores of good and of defective pixels are distributed; where they overlap no threshold can part them."""
    tally = found.tally
    with _Plot("Scores of the pixels", "score", "share of the pixels of its kind") as plot:
        plot.axes.set_xscale("log")
        kinds = {"not defective": tally.negative, **{name: tally.by_class[name] for name in tally.defects}}
        occupied = [bins.COUNT - 1, 1]
        for color, (name, histogram) in zip(itertools.chain(["#66757f"], _colors()), kinds.items()):
            if not histogram[1:].any():
                continue
            coarse = histogram.reshape(-1, 4 << bins.COARSE_SHIFT).sum(axis=1) / histogram.sum()
            places = bins.edges()[:: 4 << bins.COARSE_SHIFT]
            drawn: Any = {"color": color, "alpha": 0.35, "step": "post", "linewidth": 0}
            plot.axes.fill_between(places[1:], coarse[1:], label=name, **drawn)
            inner = np.flatnonzero(np.cumsum(histogram[1:]) > 0.001 * histogram[1:].sum())
            occupied = [min(occupied[0], int(inner[0])), max(occupied[1], int(np.flatnonzero(histogram)[-1]))]
        plot.axes.set_xlim(bins.edges()[max(1, occupied[0])], bins.edges()[min(bins.COUNT - 1, occupied[1] + 1)])
        plot.axes.set_ylim(bottom=0)
        plot.axes.axvline(found.thresholds.overall, color="black", linewidth=0.8)
    return plot.svg


def by_view(found: Evaluation) -> str:
    """Thresholds per view beside the one for all (S1, figure 5.3); empty where no view has its own."""
    own = dict(found.thresholds.by_view)
    if len(own) < 2:
        return ""
    with _Plot("Thresholds per view", "view", "threshold") as plot:
        plot.axes.bar(range(len(own)), list(own.values()), color=COLORS[0])
        plot.axes.axhline(found.thresholds.overall, color="black", linewidth=0.8, label="for all views")
        step = -(-len(own) // 12)
        plot.axes.set_xticks(list(range(len(own)))[::step], list(own)[::step])
    return plot.svg


def control(names: Sequence[str], chart: ControlChart, bad: Sequence[str]) -> str:
    """Control chart of the batches' quality index (S1, section 1.1)."""
    with _Plot("Quality index of the batches", "batch", "mean nQI of its views") as plot:
        for at, style in ((chart.centre, "-"), (chart.upper, "--"), (chart.lower, "--")):
            plot.axes.axhline(at, color="#66757f", linewidth=0.8, linestyle=style)
        plot.axes.plot(chart.values, color="#b8c0c7", linewidth=0.8)
        defective = np.isin(names, list(bad))
        for kind, color, label in ((~defective, COLORS[0], "good"), (defective, COLORS[1], "defective")):
            plot.axes.plot(np.flatnonzero(kind), chart.values[kind], "o", markersize=4, color=color, label=label)
        step = -(-len(names) // 8)
        plot.axes.set_xticks(list(range(len(names)))[::step], [name.lstrip("0") or "0" for name in names][::step])
    return plot.svg


def components(projection: Projection, sets: Mapping[str, Floats]) -> str:
    """The first two principal components of the first set, with the others laid over them (S0, figure 18)."""
    with _Plot("Features, as the first set sees them", "component 1 [σ]", "component 2 [σ]") as plot:
        for color, (name, features) in zip(_colors(), sets.items()):
            placed = projection.apply(features)[:_MOST_POINTS]
            second = placed[:, 1] if placed.shape[1] > 1 else np.zeros(len(placed))
            plot.axes.plot(placed[:, 0], second, "o", markersize=3.5, alpha=0.7, color=color, label=name)
        plot.axes.set_aspect("equal", "datalim")
    return plot.svg


def panel(picture: Picture, threshold: float, defects: Sequence[int]) -> str:
    """The image, its reconstruction (where there is one), its anomaly map, and what was found; a data URI."""
    scale = max(1e-12, 2 * threshold)
    heat = matplotlib.colormaps["inferno"](np.clip(picture.scores / scale, 0, 1))[..., :3]
    grey = picture.image.mean(axis=2, keepdims=True).repeat(3, axis=2) * 0.6
    called, defective = picture.scores >= np.float32(threshold), np.isin(picture.classes, defects)
    for kind, color in ((called & defective, HIT), (called & ~defective, ALARM), (~called & defective, MISSED)):
        grey[kind] = 0.45 * grey[kind] + 0.55 * np.array(color)
    parts = [picture.image] if picture.reconstruction is None else [picture.image, picture.reconstruction]
    parts += [np.rint(255 * heat).astype(np.uint8), np.rint(grey).astype(np.uint8)]
    gap = np.full((picture.image.shape[0], max(2, picture.image.shape[1] // 60), 3), 255, np.uint8)
    joined = np.concatenate([part for one in parts for part in (one, gap)][:-1], axis=1)
    return _webp(joined, _SHOWN_PX / max(picture.image.shape[:2]))


_MANY_DECADES = 1e3
"""Span of a logarithmic axis from which on ticks within a decade would lie on one another."""


class _Plot:
    """A figure with one pair of axes; its SVG, once it is left."""

    svg: str

    def __init__(self, title: str, across: str, up: str) -> None:
        self._context = matplotlib.rc_context(_STYLE)
        self._texts = title, across, up

    def __enter__(self) -> _Plot:
        self._context.__enter__()
        self._figure = Figure(figsize=(4.6, 3.1), layout="constrained")
        self.axes: Axes = self._figure.subplots()
        title, across, up = self._texts
        self.axes.set(title=title, xlabel=across, ylabel=up)
        self.axes.set_axisbelow(True)
        return self

    def __exit__(self, *error: object) -> None:
        for axis, scale in ((self.axes.xaxis, self.axes.get_xscale()), (self.axes.yaxis, self.axes.get_yscale())):
            if scale == "log":
                low, high = axis.get_view_interval()
                many = low > 0 and high / low > _MANY_DECADES
                axis.set_major_locator(LogLocator(subs=(1,) if many else (1, 2, 5), numticks=8))
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_formatter(NullFormatter())
        entries = len(self.axes.get_legend_handles_labels()[0])
        if entries > _MOST_INSIDE:
            self._figure.set_figheight(3.1 + 0.17 * -(-entries // 2))
            self._figure.legend(loc="outside lower center", ncols=2, fontsize=7)
        elif entries:
            self.axes.legend()
        stream = io.StringIO()
        FigureCanvasSVG(self._figure).print_svg(stream, metadata={"Date": None})  # type: ignore[no-untyped-call]
        self._context.__exit__(None, None, None)
        # The prologue is for files; in a page the figure begins at its own tag.
        self.svg = stream.getvalue()[stream.getvalue().index("<svg") :]


def _colors() -> Iterator[str]:
    return itertools.cycle(COLORS)


def _webp(pixels: NDArray[np.uint8], scale: float) -> str:
    picture = Image.fromarray(pixels)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.BOX)
    stream = io.BytesIO()
    picture.save(stream, format="WEBP", quality=85)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
