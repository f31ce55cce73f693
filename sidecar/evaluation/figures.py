"""Figures of the reports: curves as SVG and pictures as data URIs, which a page holds in itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
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
from ..scores.bins import Counts, Floats
from ..scores.domain import Projection
from ..scores.tally import COVERAGES
from .counting import Evaluation, Picture

COLORS = ("#1b6ca8", "#d1495b", "#2e8b57", "#edae49", "#7a5195", "#4d9de0", "#8a6f4e", "#66757f")
"""In the order of what is compared; chosen to be told apart by those who see red and green alike, too."""
HIT, ALARM, MISSED = (46, 204, 113), (231, 76, 60), (52, 120, 246)
"""Colours of pixels: found, called without being a defect, not found (S4, figure 4)."""
_MOST_POINTS = 400
_SHOWN_PX = 360

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


def precision_recall(shown: Mapping[str, Evaluation]) -> str:
    """Precision over recall of the pixels of each run, with the point of its threshold."""
    with _Plot("Precision and recall of the pixels", "recall", "precision") as plot:
        plot.axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        for color, (name, found) in zip(COLORS, shown.items()):
            positive = found.tally.positive
            if not positive.any():
                continue
            swept = curves.sweep(positive, found.tally.negative)
            used = bins.at_least(positive + found.tally.negative) > 0
            recall, precision = _thinned(swept["recall"][used], swept["precision"][used])
            plot.axes.plot(recall, precision, color=color, label=name)
            at = _bin(found)
            plot.axes.plot(swept["recall"][at], swept["precision"][at], "o", color=color)
    return plot.svg


def operating(shown: Mapping[str, Evaluation]) -> str:
    """True positive rate of the pixels (ROC) and overlap of the regions (PRO) over the false positive rate."""
    with _Plot("Found over false alarms", "false positive rate of the pixels", "found") as plot:
        plot.axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        plot.axes.axvline(curves.FALSE_POSITIVE_LIMIT, color="#b8c0c7", linewidth=0.8, linestyle=":")
        for color, (name, found) in zip(COLORS, shown.items()):
            tally = found.tally
            if not tally.positive.any():
                continue
            plot.axes.plot(*_thinned(*curves.roc(tally.positive, tally.negative)), color=color, label=f"{name}: pixels")
            regions = _thinned(*curves.roc(tally.overlap, tally.negative))
            plot.axes.plot(*regions, color=color, linestyle="--", label=f"{name}: regions")
    return plot.svg


def overlap(shown: Mapping[str, Evaluation]) -> str:
    """IoU per class over the threshold, the mean over the images (S0, figure 14); the line is the threshold."""
    with _Plot("IoU over the threshold, by class", "threshold", "mean IoU of the images") as plot:
        plot.axes.set_xscale("log")
        many = len(shown) > 1
        limits: list[float] = []
        for style, (name, found) in zip(("-", "--", ":", "-."), shown.items()):
            for color, label in zip(COLORS, found.tally.detections):
                iou = found.tally.mean_iou(label)
                if iou is None or label in found.tally.acceptable:
                    continue
                used = iou > 1e-3 * iou.max()
                edges = bins.coarse_edges()
                limits += [float(edges[used][0]), float(edges[used][-1])] if used.any() else []
                title = f"{name}: {label}" if many else label
                plot.axes.plot(*_thinned(edges[used], iou[used]), color=color, linestyle=style, label=title)
            if not many:
                plot.axes.axvline(found.thresholds.overall, color="#66757f", linewidth=0.8)
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
        for color, (name, recall) in zip(COLORS, by_class.items()):
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
        for color, (name, histogram) in zip(("#66757f", *COLORS), kinds.items()):
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
        for color, (name, features) in zip(COLORS, sets.items()):
            placed = projection.apply(features)[:_MOST_POINTS]
            second = placed[:, 1] if placed.shape[1] > 1 else np.zeros(len(placed))
            plot.axes.plot(placed[:, 0], second, "o", markersize=3.5, alpha=0.7, color=color, label=name)
        plot.axes.set_aspect("equal", "datalim")
    return plot.svg


def panel(picture: Picture, threshold: float, defects: Sequence[int]) -> str:
    """The image, its anomaly map, and what was found in it, side by side; a data URI."""
    scale = max(1e-12, 2 * threshold)
    heat = matplotlib.colormaps["inferno"](np.clip(picture.scores / scale, 0, 1))[..., :3]
    grey = picture.image.mean(axis=2, keepdims=True).repeat(3, axis=2) * 0.6
    called, defective = picture.scores >= np.float32(threshold), np.isin(picture.classes, defects)
    for kind, color in ((called & defective, HIT), (called & ~defective, ALARM), (~called & defective, MISSED)):
        grey[kind] = 0.45 * grey[kind] + 0.55 * np.array(color)
    parts = [picture.image, np.rint(255 * heat).astype(np.uint8), np.rint(grey).astype(np.uint8)]
    gap = np.full((picture.image.shape[0], max(2, picture.image.shape[1] // 60), 3), 255, np.uint8)
    joined = np.concatenate([part for one in parts for part in (one, gap)][:-1], axis=1)
    return _webp(joined, _SHOWN_PX / max(picture.image.shape[:2]))


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
                axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_formatter(NullFormatter())
        if self.axes.get_legend_handles_labels()[0]:
            self.axes.legend()
        stream = io.StringIO()
        FigureCanvasSVG(self._figure).print_svg(stream, metadata={"Date": None})  # type: ignore[no-untyped-call]
        self._context.__exit__(None, None, None)
        # The prologue is for files; in a page the figure begins at its own tag.
        self.svg = stream.getvalue()[stream.getvalue().index("<svg") :]


def _bin(found: Evaluation) -> int:
    return int(bins.of(np.array([found.thresholds.overall], np.float32))[0])


def _thinned(across: Counts, up: Counts) -> tuple[Counts, Counts]:
    """Points of a curve without those that no eye would miss."""
    length = np.append(0, np.cumsum(np.hypot(_normed(np.diff(across)), _normed(np.diff(up)))))
    if not length[-1]:
        return across[:1], up[:1]
    kept = np.unique(np.searchsorted(length, np.linspace(0, length[-1], _MOST_POINTS)).clip(0, len(length) - 1))
    return across[kept], up[kept]


def _normed(steps: Counts) -> Floats:
    total = np.abs(steps).sum()
    normed: Floats = steps / total if total else np.asarray(steps, np.float64)
    return normed


def _webp(pixels: NDArray[np.uint8], scale: float) -> str:
    picture = Image.fromarray(pixels)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.BOX)
    stream = io.BytesIO()
    picture.save(stream, format="WEBP", quality=85)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
