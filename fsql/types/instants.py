"""Arrow types of times that people hold as integers or as text.

To SQL they are timestamps like any other, in microseconds of UTC. That a column of them is a
count of seconds, or text, is the matter of those who read and write it, and of these types: in
a group's exact schema they say what the times are shown as on the way out.
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from fsql.types.parts import mapped_field

__all__ = ["EpochType", "InstantType", "IsoTextType", "holds_instants", "plain_field", "plain_type"]

_MICROSECONDS = pa.timestamp("us")


class InstantType(pa.ExtensionType):  # type: ignore[misc]  # pyarrow has no types
    """A time that is shown as something else; its storage is a timestamp in microseconds of UTC.

    Attributes:
        plain: the type that it is shown as.
    """

    plain: pa.DataType

    def __eq__(self, other: object) -> bool:
        # pyarrow itself compares no parameters of an extension type.
        return isinstance(other, InstantType) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def _parts(self) -> tuple[str, str]:
        return str(self), str(self.plain)

    def shown(self, times: pa.Array) -> pa.Array:
        """Timestamps in microseconds as values of the type `plain`.

        Raises:
            pyarrow.ArrowInvalid: there is a time that it has no value for.
        """
        raise NotImplementedError

    def stored(self, times: pa.Array) -> pa.Array:
        """Timestamps as an array of this type; what is finer than microseconds is cut."""
        if times.type.unit == "ns":
            times = pc.floor_temporal(times, unit="microsecond")
        return pa.ExtensionArray.from_storage(self, times.cast(_MICROSECONDS, safe=False))


class EpochType(InstantType):
    """Counts of a unit since 1970 in UTC."""

    def __init__(self, unit: str, plain: pa.DataType | None = None) -> None:
        self.unit = unit
        self.plain = pa.int64() if plain is None else plain
        super().__init__(_MICROSECONDS, "fsql.epoch")

    def __arrow_ext_serialize__(self) -> bytes:
        return json.dumps([self.unit, str(self.plain)]).encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, serialized: bytes) -> EpochType:
        unit, plain = json.loads(serialized)
        return cls(unit, pa.type_for_alias(plain))

    def __str__(self) -> str:
        return f"epoch[{self.unit}]"

    def shown(self, times: pa.Array) -> pa.Array:
        """Timestamps as counts."""
        return times.cast(pa.timestamp(self.unit)).cast(pa.int64()).cast(self.plain)


class IsoTextType(InstantType):
    """ISO 8601 text in UTC: ``2013-01-01T05:00:00Z``, with six digits of a fraction if any."""

    # ISO 8601 has four digits for a year: the first and the last microsecond of these years.
    ends = -62_135_596_800_000_000, 253_402_300_799_999_999

    def __init__(self, plain: pa.DataType | None = None) -> None:
        self.plain = pa.string() if plain is None else plain
        super().__init__(_MICROSECONDS, "fsql.iso8601")

    def __arrow_ext_serialize__(self) -> bytes:
        return str(self.plain).encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, serialized: bytes) -> IsoTextType:
        return cls(pa.type_for_alias(serialized.decode()))

    def __str__(self) -> str:
        return "iso8601"

    def shown(self, times: pa.Array) -> pa.Array:
        """Timestamps as text."""
        found = pc.min_max(times.cast(pa.int64()))
        first, last = found["min"].as_py(), found["max"].as_py()
        if first is not None and (first < self.ends[0] or last > self.ends[1]):
            raise pa.ArrowInvalid("ISO 8601 text has years from 1 to 9999")
        text = pc.replace_substring(times.cast(pa.string()), " ", "T")
        text = pc.replace_substring(text, ".000000", "")
        return pc.binary_join_element_wise(text, "Z", "").cast(self.plain)


def plain_field(field: pa.Field) -> pa.Field:
    """A column's field as it is in frames: with integers and text where they are shown."""
    return mapped_field(field, _plain) if holds_instants(field.type) else field


def plain_type(type_: pa.DataType) -> pa.DataType:
    """A type as it is in frames, see `plain_field`."""
    return plain_field(pa.field("", type_)).type


def _plain(type_: pa.DataType) -> pa.DataType:
    return type_.plain if isinstance(type_, InstantType) else type_


def holds_instants(type_: pa.DataType) -> bool:
    """Whether a type, or anything that it is made of, is shown as something else."""
    if isinstance(type_, InstantType):
        return True
    if not pa.types.is_nested(type_):
        return False
    return any(holds_instants(type_.field(place).type) for place in range(type_.num_fields))


pa.register_extension_type(EpochType("us"))
pa.register_extension_type(IsoTextType())
