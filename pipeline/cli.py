"""The command line: arguments, printing, exit codes. Nothing else prints.

Exit codes: 0 all done, 1 the run failed (or ``verify`` and ``rules check`` found faults), 2 wrong
usage, 3 finished but some documents failed, 130 interrupted.
"""

from __future__ import annotations

import json
import logging
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from pipeline.errors import DocumentError, OnrecordError, UsageError
from pipeline.records import Failure, Kind, StatementClass, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.assemble import Summary
    from pipeline.process import Tools
    from pipeline.records import Statement

app = typer.Typer(
    name="onrecord", help="Put on record who said what in the news.", no_args_is_help=True, add_completion=False,
    rich_markup_mode=None, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
rules_app = typer.Typer(help="Work with rules.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(rules_app, name="rules")

FAILURES_SHOWN = 5


Model = Annotated[
    str | None, typer.Option(metavar="NAME", help="An installed spaCy English pipeline.", show_default="en_core_web_sm")
]
RulesFolder = Annotated[
    Path | None, typer.Option("--rules", metavar="DIR", help="Your own rules, over the shipped ones.")
]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


@app.command()
def run(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files, folders, URLs, or - for standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the records go.")] = Path(
        "outputs"
    ),
    model: Model = None,
    rules: RulesFolder = None,
    format: Annotated[Kind | None, typer.Option(help="Read every file as this, whatever its ending.")] = None,
    text_field: Annotated[
        str, typer.Option(metavar="NAME", help="JSONL, CSV, Parquet: the field with the text.")
    ] = "text",
    id_field: Annotated[
        str | None, typer.Option(metavar="NAME", help="JSONL, CSV, Parquet: the field that names a document.")
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Of folders, read only files like this; may be repeated.")
    ] = None,
    only: Annotated[
        Literal["all", "quotes"], typer.Option(help="quotes: leave the writer's own sentences out.")
    ] = "all",
    any_language: Annotated[
        bool, typer.Option("--any-language", help="Read documents in other languages than English, too.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processes that share the work.", show_default="all cores")
    ] = None,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="ray: the processes are those of a Ray cluster.")
    ] = "local",
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Which Ray cluster.", show_default="$RAY_ADDRESS")
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Do the I-th of N shares of the work; onrecord merge publishes them all."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do everything anew, whatever was done before.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Find who said what in documents, and write it as JSONL."""
    from pipeline.interrupts import obeyed_interrupts
    from pipeline.jobs import share_of
    from pipeline.outcome import Options
    from pipeline.progress import progress_bar
    from pipeline.run import run as start
    from pipeline.workers import cores

    options = Options(
        format=format, text_field=text_field, id_field=id_field, include=tuple(include or ()), only=only,
        any_language=any_language,
    )  # fmt: skip
    if address is not None and engine != "ray":
        raise UsageError("--address is that of a Ray cluster.", remedy="Add --engine ray.")
    share = share_of(shard) if shard is not None else None
    many = workers or (0 if engine == "ray" else cores())
    with obeyed_interrupts(), progress_bar(shown=not quiet and sys.stderr.isatty()) as report:
        load = partial(_tools, model, rules)
        summary = start(
            paths, output, options, load, report, workers=many, fresh=fresh, share=share, engine=engine, address=address
        )
    _end_with(summary, quiet=quiet, as_json=as_json)


@app.command()
def merge(
    output: Annotated[Path, typer.Argument(help="The folder that all jobs of a run worked in.")],
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Publish what the jobs of a run with --shard did."""
    from pipeline.interrupts import obeyed_interrupts
    from pipeline.jobs import merge as publish

    with obeyed_interrupts():
        summary = publish(output)
    _end_with(summary, quiet=quiet, as_json=as_json)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="A run's folder, or a document to process.")],
    doc: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only documents with this in their uri or id.")
    ] = None,
    speaker: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only this speaker: part of a name or role.")
    ] = None,
    class_: Annotated[StatementClass | None, typer.Option("--class", help="Only this class.")] = None,
    voice: Annotated[Voice | None, typer.Option(help="Only this voice.")] = None,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="Only statements at least this sure.")] = 0.0,
    table_only: Annotated[bool, typer.Option("--table", help="The table without the text.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Why each statement is on record as it is, instead of text and table.")
    ] = False,
    model: Model = None,
    rules: RulesFolder = None,
) -> None:
    """Show a document or a run, quotations, cues and speakers marked."""
    from rich.console import Console
    from rich.text import Text

    from pipeline.show import Filter, explained, marked_text, printable, table

    wanted = Filter(speaker=speaker, class_=class_, voice=voice, min_confidence=min_confidence)
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    shown = 0
    for uri, text, statements in _to_show(path, doc, model, rules):
        chosen = [s for s in statements if wanted.lets(s)]
        if not chosen:
            continue
        shown += 1
        if explain:
            console.print(Text(printable(uri), style="bold"), soft_wrap=True)
            for statement in chosen:
                console.print(explained(statement, text), soft_wrap=not console.is_terminal)
            continue
        if not table_only and text is None:
            typer.echo(f"{uri}: its text is lost or changed since; onrecord verify says how.", err=True)
        elif not table_only and text is not None:
            # In a pipe, lines stay as long as they are: whoever reads them may search them.
            marked = marked_text(text, chosen, plain=console.color_system is None)
            console.print(Text(printable(uri), style="bold"), soft_wrap=True)
            console.print(marked, soft_wrap=not console.is_terminal)
            console.print()
        console.print(table(chosen, uri))
    if not shown:
        typer.echo("No statement matches.", err=True)


@app.command()
def verify(output: Annotated[Path, typer.Argument(help="A run's folder.")]) -> None:
    """Check every offset, digest, id and count of a run."""
    from pipeline.verify import verify as check

    faults = 0
    for fault in check(output):
        faults += 1
        typer.echo(f"{fault.where}: {fault.what}")
    if faults:
        typer.echo(f"{faults} fault{'s' if faults > 1 else ''}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{output}: every offset, digest and id is right.")


@app.command()
def evaluate(
    gold: Annotated[Path, typer.Option(metavar="DIR", help="Gold: text/ with attributions/, statements.jsonl.")],
    run_folder: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run over the gold texts, which else are processed now.")
    ] = None,
    statements: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Gold statements that lie elsewhere, JSONL.")
    ] = None,
    given: Annotated[
        bool, typer.Option("--given", help="Take the attributions from the gold: measure speakers and classes alone.")
    ] = False,
    floors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Fail if a measure is below its floor in this TOML file.")
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write every difference from the gold there, JSONL and a page.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    model: Model = None,
    rules: RulesFolder = None,
) -> None:
    """Measure a run against gold annotations."""
    import msgspec

    from pipeline import evaluate as evaluation

    lowest = evaluation.read_floors(floors) if floors else {}
    tools = None if run_folder else _tools(model, rules)
    found = evaluation.evaluate(gold, run_folder, statements, tools, given=given)
    if errors:
        evaluation.write_errors(errors, found.differences)
    if as_json:
        typer.echo(msgspec.json.encode(found.scores).decode())
    else:
        for line in evaluation.table_lines(found.scores):
            typer.echo(line)
    falls = evaluation.check_floors(found.scores, lowest)
    for fall in falls:
        typer.echo(str(fall), err=True)
    if falls:
        raise typer.Exit(1)


@app.command()
def schema(
    record: Annotated[
        Literal["statement", "document", "failure", "manifest"], typer.Argument(help="Which record.")
    ] = "statement",
) -> None:
    """Print the JSON Schema of the records that a run writes."""
    from pipeline.schema import json_schema

    typer.echo(json.dumps(json_schema(record), indent=2, ensure_ascii=False))


@rules_app.command("check")
def rules_check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Your rules; without it the shipped ones.")
    ] = None,
) -> None:
    """Try every rule on its own examples."""
    from pipeline.rules_check import check_rules

    problems = check_rules(folder, _tools())
    for problem in problems:
        rule = f"{problem.rule}: " if problem.rule else ""
        typer.echo(f"{problem.path}:{problem.line}: {rule}{problem.message}")
    if problems:
        typer.echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}.", err=True)
        raise typer.Exit(1)
    typer.echo("Every rule does what its examples say.")


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line (by default that of the process); expected errors become a message with a remedy."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # says on stderr what a notice says already
    try:
        app(arguments, prog_name="onrecord")
    except OnrecordError as error:
        typer.echo(f"error: {error.message}\n{error.remedy}", err=True)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _tools(model: str | None = None, rules: Path | None = None) -> Tools:
    from pipeline.parse import DEFAULT_MODEL
    from pipeline.process import load_tools

    return load_tools(model or DEFAULT_MODEL, rules)


def _end_with(summary: Summary, *, quiet: bool, as_json: bool) -> None:
    """Print what was done and end with the exit code that tells it."""
    import msgspec

    if as_json:
        typer.echo(msgspec.json.encode(summary).decode())
    elif not quiet:
        _print_summary(summary)
    if summary.status == "interrupted":
        raise typer.Exit(130)
    if summary.failed:
        raise typer.Exit(3)


def _print_summary(summary: Summary) -> None:
    for failure in summary.failures[:FAILURES_SHOWN]:
        typer.echo(f"failed: {failure.error}\n        {failure.remedy}", err=True)
    if summary.failed > FAILURES_SHOWN:
        more = summary.failed - FAILURES_SHOWN
        where = f", see {summary.output}/failures.jsonl" if summary.published else ""
        typer.echo(f"… and {more:,} more{where}", err=True)
    if summary.status == "interrupted":
        typer.echo("Interrupted; the same command goes on where this one stopped.", err=True)
    if not summary.published and summary.share is None:
        typer.echo(f"Until then {summary.output} holds the results of the earlier, complete run.", err=True)
        return
    parts = [
        _counted(summary.documents, "document"), _counted(summary.statements, "statement"),
        _counted(summary.quotations, "quotation"),
    ]  # fmt: skip
    if summary.reused:
        parts.append(f"{summary.reused:,} of the documents done before")
    if summary.failed:
        parts.append(f"{_counted(summary.failed, 'document')} failed")
    if summary.skipped:
        parts.append(f"{_counted(summary.skipped, 'file')} skipped")
    typer.echo(f"{', '.join(parts)} → {_place(summary)}")


def _place(summary: Summary) -> str:
    """Return where a run's statements are."""
    if summary.share is not None:
        return f"share {summary.share}; when all are done: onrecord merge {summary.output}"
    whole = Path(summary.output) / "statements.jsonl"
    return str(whole if whole.exists() else whole.with_name("statements-*.jsonl.zst"))


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _to_show(
    path: Path, doc: str | None, model: str | None, rules: Path | None
) -> Iterator[tuple[str, str | None, list[Statement]]]:
    """Yield uri, text (None if lost) and statements of each document at ``path``."""
    if path.is_dir():
        from pipeline.stored import stored_documents

        for document, text, statements in stored_documents(path, doc):
            yield document.uri, text, statements
        return
    from pipeline.process import process
    from pipeline.read import discover, read

    inputs, problems = discover([str(path)], format=None, include=(), base=Path.cwd())
    for problem in problems:
        if isinstance(problem, DocumentError):
            raise problem
    tools = _tools(model, rules)
    for source in inputs:
        for item in read(source):
            if isinstance(item, DocumentError):
                raise item
            if isinstance(item, Failure):
                continue
            if doc is None or doc in item.uri:
                yield item.uri, item.text, list(process(item, tools).statements)
