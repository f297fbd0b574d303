"""What a catalog answers that nobody has configured."""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.glue.shapes import Json, check, not_found
from fsql.local.wire import ACCOUNT

__all__ = ["Settings"]

_PLAIN = {
    "EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"},
    "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": False},
}


class Settings:
    """The import from Athena's old catalog, encryption, resource policies, further catalogs."""

    def operations(self) -> dict[str, Callable[[Json], Json]]:
        """The operations by name."""
        return {
            "GetCatalogImportStatus": self.imported,
            "GetCatalogs": self.catalogs,
            "GetDataCatalogEncryptionSettings": self.encryption,
            "GetResourcePolicies": self.policies,
            "GetResourcePolicy": self.policy,
        }

    def imported(self, request: Json) -> Json:
        """Answer GetCatalogImportStatus: there is nothing left to import."""
        check(request, ())
        status = {"ImportCompleted": True, "ImportTime": 0, "ImportedBy": ACCOUNT}
        return {"ImportStatus": status}

    def catalogs(self, request: Json) -> Json:
        """Answer GetCatalogs: none but the account's own, which is not listed."""
        return {"CatalogList": []}

    def encryption(self, request: Json) -> Json:
        """Answer GetDataCatalogEncryptionSettings: nothing is encrypted."""
        check(request, ())
        return {"DataCatalogEncryptionSettings": _PLAIN}

    def policies(self, request: Json) -> Json:
        """Answer GetResourcePolicies."""
        return {"GetResourcePoliciesResponseList": []}

    def policy(self, request: Json) -> Json:
        """Answer GetResourcePolicy."""
        raise not_found("Policy not found.")
