"""The configuration of a work group: what it may say, and how an update changes it."""

from __future__ import annotations

from typing import Any

from fsql.local.statements.failures import invalid_request
from fsql.local.store import split_uri

__all__ = ["ENGINES", "checked", "engine", "result_folder", "updated"]

Json = dict[str, Any]

_VERSION = "Athena engine version 3"
ENGINES = ("AUTO", _VERSION)
"""What a work group can select; both mean the one engine there is."""

_LEAST_CUTOFF = 10_000_000
_DEFAULTS: Json = {
    "ResultConfiguration": {},
    "EnforceWorkGroupConfiguration": True,
    "PublishCloudWatchMetricsEnabled": True,
    "RequesterPaysEnabled": False,
}
# Kept and shown, and without effect: nothing here is encrypted, measured or paid for.
_SHOWN = (
    *("EnableMinimumEncryptionConfiguration", "PublishCloudWatchMetricsEnabled"),
    *("RequesterPaysEnabled", "CustomerContentEncryptionConfiguration"),
)
_KNOWN = (
    *("ResultConfiguration", "EnforceWorkGroupConfiguration"),
    *("BytesScannedCutoffPerQuery", "EngineVersion"),
    *_SHOWN,
)


def engine(selected: str) -> Json:
    """An EngineVersion by the name that it is selected by."""
    return {"SelectedEngineVersion": selected, "EffectiveEngineVersion": _VERSION}


def checked(given: Json) -> Json:
    """A WorkGroupConfiguration with what Athena fills in.

    Raises:
        AwsError: it asks for what only AWS has, or for what there can't be.
    """
    for name, value in given.items():
        if name not in _KNOWN and value not in ({"Enabled": False}, []):
            raise invalid_request(f"The embedded Athena has no {name}; leave it out.")
    found = {**_DEFAULTS, **{name: given[name] for name in _KNOWN if name in given}}
    selected = (given.get("EngineVersion") or {}).get("SelectedEngineVersion", "AUTO")
    if selected not in ENGINES:
        raise invalid_request(
            f"Engine version {selected!r} is not one of the embedded Athena's: {', '.join(ENGINES)}"
        )
    cutoff = given.get("BytesScannedCutoffPerQuery")
    if cutoff is not None and cutoff < _LEAST_CUTOFF:
        raise invalid_request(
            f"BytesScannedCutoffPerQuery is {cutoff}, and must be {_LEAST_CUTOFF} at least"
        )
    location = found["ResultConfiguration"].get("OutputLocation")
    if location is not None:
        result_folder(location)
    return {**found, "EngineVersion": engine(selected)}


def updated(old: Json, changes: Json) -> Json:
    """A configuration after WorkGroupConfigurationUpdates; AwsError as for a new one."""
    results = changes.get("ResultConfigurationUpdates") or {}
    given = {**old, "ResultConfiguration": _merged(old["ResultConfiguration"], results)}
    plain = {k: v for k, v in changes.items() if not k.endswith("ConfigurationUpdates")}
    return checked(_merged(given, plain))


def _merged(old: Json, changes: Json) -> Json:
    """Members changed, and those gone that a ``Remove…`` names."""
    gone = {k.removeprefix("Remove") for k, v in changes.items() if k.startswith("Remove") and v}
    new = {k: v for k, v in changes.items() if not k.startswith("Remove")}
    return {k: v for k, v in {**old, **new}.items() if k not in gone}


def result_folder(location: str) -> str:
    """A place of results with a slash at its end; AwsError if it is none."""
    try:
        bucket, prefix = split_uri(location)
    except ValueError:
        raise invalid_request("outputLocation is not a valid S3 path.") from None
    return f"s3://{bucket}/{prefix.rstrip('/')}/" if prefix else f"s3://{bucket}/"
