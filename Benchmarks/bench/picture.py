"""Draws figures over the number of people. Reads them as JSON from standard input; the argument is the output file.

Requires matplotlib; see peers/requirements.txt.
"""

import json
import sys

import matplotlib
import matplotlib.pyplot as plot
from matplotlib.ticker import FuncFormatter, NullLocator

GET, PATCH, ONE = "#1b6ca8", "#c8553d", "#3a7d44"
# Figures that grow with the number of people have a logarithmic scale.
PANELS = [
    ("Requests a second", False, [("get", "GET item", GET), ("patch", "PATCH item, durable", PATCH)]),
    ("CPU for each request, µs", False, [("get cpu", "GET item", GET), ("patch cpu", "PATCH item", PATCH)]),
    ("Most resident memory under load, MB", False, [("memory", "", ONE)]),
    ("Start to first answer, ms", False, [("start", "", ONE)]),
    ("Database, MB", True, [("file", "", ONE)]),
    ("Import, s", True, [("import", "", ONE)]),
]


def main() -> None:
    figures = json.load(sys.stdin)
    matplotlib.rcParams.update({
        # Makes the file reproducible, and keeps text as text.
        "svg.hashsalt": "facet", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9,
        "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10, "axes.titlelocation": "left",
    })
    picture, axes = plot.subplots(2, 3, figsize=(11, 6), layout="constrained")
    for panel, (title, is_logarithmic, curves) in zip(axes.flat, PANELS):
        draw_curves(panel, curves, figures)
        draw_frame(panel, title, is_logarithmic, [size["people"] for size in figures])
    picture.savefig(sys.argv[1], metadata={"Date": None, "Creator": None})


def draw_curves(panel, curves: list[tuple[str, str, str]], figures: list[dict]) -> None:
    """Draws each curve, with its values above its points."""
    people = [size["people"] for size in figures]
    for key, name, colour in curves:
        values = [size[key] for size in figures]
        panel.plot(people, values, marker="o", color=colour, label=name)
        for at, value in zip(people, values):
            place = {"textcoords": "offset points", "xytext": (0, 7), "ha": "center"}
            panel.annotate(short(value), (at, value), color=colour, fontsize=8, **place)
    if len(curves) > 1:
        panel.legend(frameon=False, loc="upper right", ncols=len(curves))


def draw_frame(panel, title: str, is_logarithmic: bool, people: list[int]) -> None:
    panel.set_title(title)
    panel.set_xscale("log")
    panel.set_xticks(people, [short(count) for count in people])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlabel("people, with 5 items each")
    panel.margins(x=0.12, y=0.25)
    panel.grid(axis="y", alpha=0.3)
    if is_logarithmic:
        panel.set_yscale("log")
        panel.yaxis.set_minor_locator(NullLocator())
    else:
        # Starts at 0, so that heights can be compared, and leaves room for the legend.
        panel.set_ylim(0, 1.4 * panel.dataLim.y1)
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def short(value: float) -> str:
    """Formats thousands with k and millions with M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


if __name__ == "__main__":
    main()
