"""What a server that is Athena alone answers with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fsql.local.limits import Limits
from fsql.local.remote.glue import RemoteGlue
from fsql.local.remote.objects import RemoteObjects
from fsql.local.services import Services
from fsql.local.wire import AwsError, HttpRequest, Response

if TYPE_CHECKING:
    from fsql.local.athena.service import Athena

__all__ = ["RemoteServices"]

_UNLIMITED = Limits()


class RemoteServices(Services):
    """Athena over another's Glue and S3.

    Args:
        root: the folder where Athena remembers its queries, workgroups and prepared statements,
            and has files that are being written.
        glue, s3: boto3 clients.
        limits: what queries may take.
    """

    def __init__(
        self, root: str | os.PathLike[str], glue: Any, s3: Any, limits: Limits = _UNLIMITED
    ) -> None:
        super().__init__(root, limits)
        self._clients = glue, s3

    def _made(self) -> Athena:
        from fsql.local.athena.service import Athena

        glue, s3 = self._clients
        objects = RemoteObjects(s3, self.store.staging)
        return Athena(self.store, RemoteGlue(glue), objects, self.limits)

    def answer(self, request: HttpRequest, service: str) -> Response:
        """Athena's answers; for other services an error that says where they are."""
        if service != "athena":
            raise AwsError(
                "UnknownOperationException",
                f"This server answers Athena only, not {service}: send it Athena's requests by"
                " AWS_ENDPOINT_URL_ATHENA, and the others to the Glue and S3 that it reads.",
            )
        return super().answer(request, service)
