"""What differs from the defaults in a record, and the Python that makes it again."""

from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol, runtime_checkable


@runtime_checkable
class Record(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def changed(record: Record) -> dict[str, Any]:
    """The fields that are not as their defaults, in order."""
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {f.name: values[f.name] for f in fields(record) if values[f.name] != f.default}


def written(record: Record) -> str:
    """Python that makes a public record again, with what differs from a plain one."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in changed(record).items())
    return f"attnviz.{type(record).__name__}({arguments})"
