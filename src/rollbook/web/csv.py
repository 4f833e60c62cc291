"""A table to be taken along: CSV that a spreadsheet opens, and takes no cell for a formula."""

from collections.abc import Iterable, Sequence

from rollbook.exchange.csv_rows import row_of
from rollbook.exchange.formulas import neutral
from rollbook.wire.http import Response

_BYTE_ORDER_MARK = "\ufeff"  # without it spreadsheets read another encoding


def send(resp: Response, name: str, rows: Iterable[Sequence[object]]) -> None:
    """Answer with a file of that name; text is neutralised, numbers stay."""
    lines = (
        row_of(neutral(cell) if isinstance(cell, str) else cell for cell in row) for row in rows
    )
    resp.body = (_BYTE_ORDER_MARK + "".join(lines)).encode()
    resp.content_type = "text/csv; charset=utf-8"
    resp.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
