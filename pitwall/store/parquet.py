"""A query's rows as one Parquet file, a row group at a time."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import BigInteger, Boolean, Float, Integer, Select, SmallInteger
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from pitwall.store.instants import Instant
from pitwall.store.shelves import Shelf

ROW_GROUP = 20_000


class _Pieces(io.RawIOBase):
    """A file that only remembers what was written since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()
        self._taken = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401  any buffer
        self._held += data
        return len(data)

    def tell(self) -> int:
        return self._taken + len(self._held)

    def take(self) -> bytes:
        taken, self._held = bytes(self._held), bytearray()
        self._taken += len(taken)
        return taken


async def parquet_pieces(
    connection: AsyncConnection, shelf: Shelf, query: Select[Any]
) -> AsyncGenerator[bytes, None]:
    """Yield the file's bytes; each row group is compressed with zstd in a thread."""
    schema = pa.schema([(column.name, _arrow_type(column.type)) for column in shelf.columns])
    pieces = _Pieces()
    writer = pq.ParquetWriter(pieces, schema, compression="zstd")
    try:
        async with connection.stream(query.with_only_columns(*shelf.columns)) as found:
            async for rows in found.partitions(ROW_GROUP):
                await asyncio.to_thread(_write, writer, schema, rows)
                yield pieces.take()
    finally:
        writer.close()
    yield pieces.take()


def _write(writer: Any, schema: Any, rows: Sequence[Any]) -> None:  # noqa: ANN401  no types
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)
    ]
    writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _arrow_type(kind: TypeEngine[Any]) -> Any:  # noqa: ANN401  pyarrow has no types
    if isinstance(kind, Instant):
        return pa.timestamp("us", tz="UTC")
    for column, arrow in (
        (Boolean, pa.bool_()),
        (SmallInteger, pa.int16()),
        (BigInteger, pa.int64()),
        (Integer, pa.int32()),
        (Float, pa.float64()),
    ):
        if isinstance(kind, column):
            return arrow
    return pa.string()
