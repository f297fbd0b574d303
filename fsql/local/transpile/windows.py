"""What stands in OVER (…): partitions, order and frames. Source: Trino, "Window functions"."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from fsql.local.transpile.binder import Binder
from fsql.local.transpile.names import identifier
from fsql.local.transpile.places import checked, fault
from fsql.local.transpile.types import DAY_INTERVAL, INTEGERS, MONTH_INTERVAL

__all__ = ["direction", "over", "sorted_by"]


def sorted_by(binder: Binder, order: exp.Order) -> str:
    """``a DESC NULLS LAST, …``: Trino puts NULLs last whatever the direction."""
    return ", ".join(f"{binder.bind(o.this).sql}{direction(o)}" for o in order.expressions)


def direction(item: exp.Ordered) -> str:
    """The words behind an ORDER BY expression."""
    nulls = "FIRST" if item.args.get("nulls_first") else "LAST"
    return f"{' DESC' if item.args.get('desc') else ''} NULLS {nulls}"


def over(binder: Binder, window: exp.Window) -> str:
    """The text between the parentheses of OVER, a named window's written out."""
    parts = _parts(binder, window)
    words = []
    if parts["partition_by"]:
        keys = ", ".join(binder.bind(key).sql for key in parts["partition_by"])
        words.append(f"PARTITION BY {keys}")
    if parts["order"]:
        words.append(f"ORDER BY {sorted_by(binder, parts['order'])}")
    if parts["spec"]:
        words.append(_frame(binder, parts["spec"]))
    return " ".join(words)


def _parts(binder: Binder, window: exp.Window) -> dict[str, Any]:
    checked(window, "this", "over", "alias", "partition_by", "order", "spec")
    own = {name: window.args.get(name) for name in ("partition_by", "order", "spec")}
    named = window.args.get("alias")
    if named is None:
        return own
    known = binder.block.windows.get(identifier(window.args["alias"]))
    if known is None:
        raise fault(window, "INVALID_WINDOW_REFERENCE", f"Cannot resolve WINDOW name {named.name}")
    base = _parts(binder, known)
    return {name: own[name] or base[name] for name in own}


def _frame(binder: Binder, spec: exp.WindowSpec) -> str:
    kind = str(spec.args.get("kind") or "RANGE").upper()
    start = _bound(binder, spec, "start")
    if not spec.args.get("end"):
        return f"{kind} {start}"
    return f"{kind} BETWEEN {start} AND {_bound(binder, spec, 'end')}"


def _bound(binder: Binder, spec: exp.WindowSpec, which: str) -> str:
    value = spec.args.get(which)
    side = str(spec.args.get(f"{which}_side") or "").upper()
    if isinstance(value, str):
        return f"{value.upper()} {side}".strip()
    if not isinstance(value, exp.Expr):
        raise fault(spec, "SYNTAX_ERROR", f"mismatched input '{side}'")
    distance = binder.bind(value)
    units = {DAY_INTERVAL: "milliseconds", MONTH_INTERVAL: "months"}
    if distance.type in units:
        return f"to_{units[distance.type]}({distance.sql}) {side}"
    if distance.type.base not in INTEGERS and spec.args.get("kind") == "ROWS":
        message = f"Window frame offset value type must be exact numeric: {distance.type}"
        raise fault(value, "TYPE_MISMATCH", message)
    return f"{distance.sql} {side}"
