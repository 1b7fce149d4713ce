"""A document's statements as a reader wants to see them in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipeline.records import CLASSES, Statement, StatementClass, Voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Set apart by weight and line too, so that nothing hangs on colour alone.
CONTENT, CUE, SPEAKER = "bold yellow", "italic cyan", "underline bold green"


class Filter(Struct, frozen=True, kw_only=True):
    """Which statements to show; None: whatever."""

    speaker: str | None = None
    class_: StatementClass | None = None
    voice: Voice | None = None
    min_confidence: float = 0.0

    def lets(self, statement: Statement) -> bool:
        """Tell whether a statement passes; the speaker is looked for in name and role, whatever the case."""
        if self.speaker is not None:
            who = f"{statement.speaker.name} {statement.speaker.role or ''}" if statement.speaker else ""
            if self.speaker.casefold() not in who.casefold():
                return False
        return (
            (self.class_ is None or statement.class_ == self.class_)
            and (self.voice is None or statement.voice == self.voice)
            and statement.confidence >= self.min_confidence
        )


def marked_text(text: str, statements: Iterable[Statement], *, plain: bool) -> Text:
    """Return the document's text with contents, cues and mentions set apart.

    ``plain`` writes marks for terminals without styles: ``[content]``, ``_cue_``, ``*speaker*``.
    """
    text = printable(text)
    shown = Text(text)
    marks: list[tuple[int, int, str]] = []
    for s in statements:
        if s.voice == "writer":
            continue
        parts = [(span.start, span.end, CONTENT) for span in s.spans]
        if s.cue is not None:
            parts.append((s.cue.start, s.cue.end, CUE))
        if s.speaker is not None and s.speaker.mention is not None:
            parts.append((s.speaker.mention.start, s.speaker.mention.end, SPEAKER))
        marks += parts
    if not plain:
        for start, end, style in marks:
            shown.stylize(style, start, end)
        return shown
    return Text(_with_marks(text, marks))


def _with_marks(text: str, marks: list[tuple[int, int, str]]) -> str:
    signs = {CONTENT: ("[", "]"), CUE: ("_", "_"), SPEAKER: ("*", "*")}
    inserts: list[tuple[int, int, str]] = []
    for start, end, style in set(marks):
        inserts += [(end, 0, signs[style][1]), (start, 1, signs[style][0])]
    out, at = [], 0
    for place, _, sign in sorted(inserts):
        out += [text[at:place], sign]
        at = place
    return "".join([*out, text[at:]])


def printable(text: str) -> str:
    """Return the text with its control characters replaced one for one: a document must not steer the terminal."""
    return text.translate(_CONTROLS)


_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "�") | {9: "\t", 10: "\n", 13: " ", 133: "\n"}


def table(statements: Iterable[Statement], title: str) -> Table:
    """Return a table of who said what: speaker, class with confidence, statement."""
    shown = Table(title=escape(printable(title)), title_justify="left", show_lines=True, expand=True)
    shown.add_column("Who", ratio=2)
    shown.add_column("Class", width=max(map(len, CLASSES)), no_wrap=True)
    shown.add_column("What", ratio=6)
    for s in statements:
        shown.add_row(_who(s), Text(f"{s.class_}\n{s.confidence:.0%} sure"), Text(printable(s.text)))
    return shown


def explained(s: Statement, text: str | None) -> Text:
    """Return why a statement is on record as it is: content, cue, the way to the name, class, each with its rules.

    ``text`` is the document's, for the words that rules fired on; without it (None) their offsets stand instead.
    """
    shown = Text(f"{s.index}  {printable(s.text)}\n", style="bold")
    kinds: dict[str, list[str]] = {"content": [], "cue": [], "speaker": [], "class": []}
    for e in s.evidence:
        words = f"{e.start}–{e.end}" if text is None else f"“{printable(text[e.start : e.end])}”"
        if e.rule == "model.class" and e.score is not UNSET:
            kinds["class"].append(f"the network {e.score:.0%}")
        elif e.rule.startswith(("model.", "support.")) and e.score is not UNSET:
            kinds["content"].append(f"{e.rule} {e.score:.0%}")
        elif e.rule.startswith("class"):
            kinds["class"].append(f"{words} ({e.rule})")
        elif e.rule.startswith(("speaker.", "pronoun.")):
            kinds["speaker"].append(f"{words} ({e.rule})")
        else:
            kinds["cue"].append(f"{words} ({e.rule})" if e.rule.startswith("cue.") else e.rule)
    rows = [("found by", ", ".join(kinds["content"])), ("cue", ", ".join(kinds["cue"]))]
    if s.voice != "writer":
        rows.append(("speaker", " → ".join([*kinds["speaker"], _candidates(s)])))
    rows.append(("said", "; ".join(_circumstances(s))))
    rows.append(("class", f"{s.class_} {s.scores[s.class_]:.0%}: {', '.join(kinds['class']) or 'what most are'}"))
    reasons = () if s.check_reasons is UNSET else s.check_reasons
    why = "".join(f", {reason.reason} “{printable(reason.text)}”" for reason in reasons)
    rows.append(("check", f"{s.check_worthiness:.0%}{why}"))
    rows.append(("sure", f"{s.confidence:.0%}"))
    rows.append(("review", "" if s.review is UNSET else ", ".join(s.review)))
    for name, said in rows:
        if said:
            shown.append(f"   {name:8}  ", style="not bold dim").append(f"{said}\n", style="not bold")
    return shown


def _circumstances(s: Statement) -> Iterator[str]:
    """Yield when, through what, to whom and by way of whom a statement was made, where the text says so."""
    if s.said_on is not UNSET:
        yield printable(s.said_on.text) + (f" ({s.said_on.date})" if s.said_on.date is not UNSET else "")
    if s.medium is not UNSET:
        yield f"in {printable(s.medium.text)}"
    if s.addressee is not UNSET:
        yield f"to {printable(s.addressee.text)}"
    for link in () if s.chain is UNSET else s.chain:
        yield f"according to {printable(link.text)}"


def _candidates(s: Statement) -> str:
    """Return who a statement's speaker is, with those who were thought of."""
    if s.speaker is None:
        return "nobody named"
    role = f", {printable(s.speaker.role)}" if s.speaker.role else ""
    scores = "; ".join(f"{printable(c.name)} {c.score:.0%}" for c in s.speaker.candidates)
    return f"{printable(s.speaker.name)}{role} [{s.speaker.how}]" + (f" ({scores})" if scores else "")


def _who(s: Statement) -> Text:
    if s.voice == "writer":
        return Text("the writer", style="dim")
    if s.speaker is None:
        return Text("no source given", style="dim")
    who = Text(printable(s.speaker.name), style="bold")
    if s.speaker.role:
        who.append(f"\n{printable(s.speaker.role)}", style="not bold")
    if s.cue is not None:
        who.append(f"\n{s.voice}, “{printable(s.cue.text)}”", style="not bold dim")
    else:
        who.append(
            f"\n{s.voice}, keeps the floor" if s.speaker.how == "continued" else f"\n{s.voice}", style="not bold dim"
        )
    return who
