"""Whether a request's members have the types that a service's model gives them."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from fsql.local.wire import AwsError

__all__ = ["check_types"]

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
    "blob": (str,),
}


def check_types(service: str, operation: str, members: dict[str, Any]) -> None:
    """AwsError SerializationException for a member of another type, or nested beyond measure."""
    model = _model(service)
    if operation not in model.operation_names:
        return
    shape = model.operation_model(operation).input_shape
    if shape is None:
        return
    try:
        _check(shape, members, "the request")
    except RecursionError:
        raise _wrong("The request is nested too deep.") from None


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def _check(shape: Shape, value: Any, where: str) -> None:
    if value is None:
        return
    known: Any = shape
    wanted = _TYPES.get(shape.type_name, (object,))
    given: object = value
    if not isinstance(given, wanted) or (isinstance(given, bool) and bool not in wanted):
        raise _wrong(f"{where} is no {shape.type_name}.")
    _check_value(value, where)
    parts: list[tuple[Shape, Any, str]] = []
    if shape.type_name == "structure":
        if unknown := value.keys() - known.members.keys():
            raise _wrong(f"{where} has no member {min(unknown)}.")
        parts = [(member, value.get(name), name) for name, member in known.members.items()]
    elif shape.type_name == "map":
        parts = [(known.value, item, name) for name, item in value.items()]
    elif shape.type_name == "list":
        parts = [(known.member, item, where) for item in value]
    for part in parts:
        _check(*part)


def _check_value(value: Any, where: str) -> None:
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise _wrong(f"{where} is out of range.")
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _wrong(f"{where} is no Unicode text.")


def _wrong(message: str) -> AwsError:
    return AwsError("SerializationException", message)
