"""Parquet → one Document a row, streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import DocumentError
from pipeline.read.extras import needed
from pipeline.read.source import MAX_BYTES, Input, opened
from pipeline.read.spool import seekable
from pipeline.read.tables import METADATA, Table, text_field_remedy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.records import Document

# Rows that are in memory at a time.
ROWS = 64


def read_parquet(source: Input, *, text_field: str, id_field: str | None) -> Iterator[Document | DocumentError]:
    """Yield a document for each row, or the error that says what is wrong with it; ``anchor`` is the row, from 1.

    Digest and size are those of the text in UTF-8: a row has no bytes of its own. Raises DocumentError where the file
    is no Parquet or has no such column.
    """
    parquet = needed("pyarrow.parquet", "a Parquet file", "parquet", source.uri)
    arrow = needed("pyarrow", "a Parquet file", "parquet", source.uri)
    table = Table(source, "parquet", text_field, id_field, unit="row")
    with opened(source) as stream, seekable(stream) as file:
        try:
            yield from _documents(table, parquet.ParquetFile(file))
        except (arrow.ArrowException, OSError, ValueError) as error:
            what = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DocumentError(
                f"{source.uri} is no Parquet file, or damaged: {what}",
                remedy="Write or fetch it again.",
                uri=source.uri,
            ) from error


def _documents(table: Table, file: Any) -> Iterator[Document | DocumentError]:
    names = file.schema_arrow.names
    if table.text_field not in names:
        raise DocumentError(
            f"{table.source.uri}: there is no column {table.text_field!r}.",
            remedy=text_field_remedy(dict.fromkeys(names)),
            uri=table.source.uri,
        )
    wanted = {table.text_field, table.id_field, *(key for keys in METADATA.values() for key in keys)}
    row = 0
    for batch in file.iter_batches(batch_size=ROWS, columns=[name for name in names if name in wanted]):
        for fields in batch.to_pylist():
            row += 1
            try:
                text = fields[table.text_field]
                raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else b""
                if len(raw) > MAX_BYTES:
                    raise table.error(row, f"its text is longer than {MAX_BYTES:,} bytes.", "Split the document.")
                yield table.document(fields, raw, row, "utf-8")
            except DocumentError as error:
                yield error
    if not row:
        yield table.empty()
