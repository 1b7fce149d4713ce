"""What ``compare.py`` measured → medians, tables in Markdown and plots."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from plots import Axis, bars, lines, ticks_up_to

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    # A measurement's numbers, and those of every round; a string says why there are none.
    Run = Mapping[str, float]
    Runs = Sequence[Run] | str

BEGIN, END = "<!-- figures: written by make benchmark -->", "<!-- end of figures -->"
NONE = "–"
# What the keys of each part's measurements are called.
NAMES = {"speed": ("system",), "start": ("command",), "workers": ("workers",), "length": ("system", "kb")}


# ---------------------------------------------------------------- medians


def middle(runs: Sequence[Run], name: str) -> float:
    """Return the median of a number over the rounds."""
    return median(run[name] for run in runs)


def ratio(runs: Runs, others: Runs, name: str) -> float | None:
    """Return the median of the rounds' ratios, since both of a round had the same noise; None where one has none."""
    if isinstance(runs, str) or isinstance(others, str):
        return None
    return median(run[name] / other[name] for run, other in zip(runs, others, strict=True))


def summary(results: Mapping[tuple[Any, ...], Runs], words: int, kb: Mapping[int, float]) -> dict[str, Any]:
    """Return rows of medians for each part of the report, and the rounds' own numbers.

    ``results`` are by ("speed", system), ("start", command), ("workers", count) and ("length", system, kB of a
    document). ``words`` are those that speed was measured on, ``kb`` the kB that each length was.
    """
    told: dict[str, Any] = {part: [] for part in (*NAMES, "runs")}
    for key, runs in results.items():
        part = key[0]
        row = dict(zip(NAMES[part], key[1:], strict=True))
        told[part].append(row)
        if isinstance(runs, str):
            row["problem"] = runs
            continue
        told["runs"].append({"of": key, "rounds": runs})
        # The first system, a system's shortest length, one worker.
        base_key = next(other for other in results if other[: len(key) - 1] == key[:-1])
        base = results[base_key]
        if part == "speed":
            row["words_per_cpu_second"] = words / middle(runs, "cpu")
            row["cpu_to_first"] = ratio(runs, base, "cpu")
            row["peak_mb"] = middle(runs, "peak")
            row["load_cpu_seconds"] = middle(runs, "load")
            row["raised"] = middle(runs, "raised")
        elif part == "start":
            row["cpu_seconds"] = middle(runs, "cpu")
        elif part == "workers":
            row["wall_seconds"] = middle(runs, "wall")
            row["speed_up"] = ratio(base, runs, "wall")
        else:
            row["cpu_ms_per_kb"] = 1000 * middle(runs, "cpu") / kb[key[-1]]
            times = ratio(runs, base, "cpu")
            row["to_shortest"] = times and times / kb[key[-1]] * kb[base_key[-1]]
            row["peak_mb"] = middle(runs, "peak")
    return told


# ---------------------------------------------------------------- tables

# Title, and what each column shows, how it is called and written.
TABLES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "speed": (
        "Speed and memory",
        {
            "system": ("", ""), "words_per_cpu_second": ("words a CPU second", ",.0f"),
            "cpu_to_first": ("CPU time, × the first", ".2f"), "peak_mb": ("peak memory, MB", ",.0f"),
            "load_cpu_seconds": ("loading, CPU seconds", ".2f"), "raised": ("paragraphs it raises at", ".0f"),
        },
    ),
    "start": ("Start-up", {"command": ("", ""), "cpu_seconds": ("CPU seconds", ".2f")}),
    "workers": (
        "Workers",
        {
            "workers": ("workers", ""), "wall_seconds": ("wall-clock seconds", ".1f"),
            "speed_up": ("times as fast as one", ".2f"),
        },
    ),
    "length": (
        "Length of a document",
        {
            "kb": ("kB", ","), "system": ("", ""), "cpu_ms_per_kb": ("CPU ms a kB", ".1f"),
            "to_shortest": ("× its shortest", ".2f"), "peak_mb": ("peak memory, MB", ",.0f"),
        },
    ),
}  # fmt: skip


def put_figures(page: str, figures: str) -> str:
    """Return the page with the figures between the marks; raises ValueError where a mark is missing."""
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:start]}\n\n{figures.strip()}\n\n{page[end:]}"


def tables(told: Mapping[str, Any]) -> str:
    """Return everything as Markdown."""
    machine, texts = told["machine"], told["texts"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    parts = [
        f"{machine['date']}; {machine['processor']} {'with' if machine['vnni'] else 'without'} VNNI,"
        f" {machine['cores']} cores, {machine['system']}; Python {machine['python']}, {versions}.\n",
        f"Texts: {texts['folder']}; {texts['documents']} documents, {texts['words']:,} words, {texts['kb']:,.0f} kB;"
        f" rounds: {texts['rounds']}.\n",
    ]
    for part, (title, columns) in TABLES.items():
        rows = [[heading for heading, _ in columns.values()], ["---"] * len(columns)]
        rows += [cells(row, columns) for row in told[part]]
        parts += [f"### {title}\n", *("| " + " | ".join(row) + " |" for row in rows), ""]
    return "\n".join(parts)


def cells(row: Mapping[str, Any], columns: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return a row as it is shown; a problem's first sentence stands where its first figure would."""
    problem = iter([row.get("problem", NONE).split(". ")[0].replace("|", "\\|")])
    return [
        format(row[name], form) if row.get(name) is not None else next(problem, NONE)
        for name, (_, form) in columns.items()
    ]


# ---------------------------------------------------------------- plots


def pictures(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the plots, SVG by file name."""
    speed, workers, length = (
        [row for row in told[part] if "problem" not in row] for part in ("speed", "workers", "length")
    )
    gains = [(row["workers"], row["speed_up"]) for row in workers]
    most = max(max(gain) for gain in gains)

    def over_length(title: str, label: str, name: str) -> str:
        drawn: dict[str, list[tuple[float, float]]] = {}
        for row in length:
            drawn.setdefault(row["system"], []).append((row["kb"], row[name]))
        across = Axis("kB of a document", sorted({row["kb"] for row in length}), log=True)
        return lines(title, drawn, across, Axis(label, ticks_up_to(max(row[name] for row in length))))

    return {
        "benchmark_speed.svg": bars(
            "words a CPU second", {row["system"]: row["words_per_cpu_second"] for row in speed}
        ),
        "benchmark_workers.svg": lines(
            "Speed over workers", {"measured": gains, "in proportion": [(0, 0), (gains[-1][0], gains[-1][0])]},
            Axis("workers", [0, *(count for count, _ in gains)]), Axis("times as fast as one", ticks_up_to(most)),
        ),
        "benchmark_length.svg": over_length("Time over length", "CPU time a kB, times the shortest's", "to_shortest"),
        "benchmark_memory.svg": over_length("Memory over length", "peak memory, MB", "peak_mb"),
    }  # fmt: skip
