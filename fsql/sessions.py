"""boto3 sessions for AWS: credentials, roles and endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import botocore.session
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError

from fsql.errors import ConfigError
from fsql.urls import Location

__all__ = ["SESSION_ARGUMENTS", "cloud_session"]

_ROLE_ARGUMENTS: Mapping[str, str] = {
    "role_session_name": "RoleSessionName",
    "duration_seconds": "DurationSeconds",
    "external_id": "ExternalId",
    "serial_number": "SerialNumber",
}
# What a session is built from; PyAthena is given the finished session.
SESSION_ARGUMENTS = frozenset(
    {
        *("profile_name", "role_arn", "aws_session_token", "endpoint_url", "athena_endpoint_url"),
        *_ROLE_ARGUMENTS,
    }
)


def cloud_session(location: Location) -> boto3.Session:
    """The session that a URL asks for.

    Raises:
        ConfigError: a profile that does not exist, or half of a pair of credentials.
    """
    arguments = location.arguments
    try:
        session = EndpointSession(
            arguments.get("endpoint_url"),
            arguments.get("athena_endpoint_url"),
            aws_access_key_id=location.key,
            aws_secret_access_key=location.secret,
            aws_session_token=arguments.get("aws_session_token"),
            region_name=location.region,
            profile_name=arguments.get("profile_name"),
        )
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(f"No AWS session: {error}") from error
    return _with_role(session, arguments) if "role_arn" in arguments else session


class EndpointSession(boto3.Session):
    """A session whose clients all go to one endpoint, where one is given.

    Args:
        endpoint_url: the endpoint; None for AWS's own.
        athena_endpoint_url: another one for Athena.
    """

    def __init__(
        self, endpoint_url: str | None, athena_endpoint_url: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.endpoint_url = endpoint_url
        self.athena_endpoint_url = athena_endpoint_url

    def client(self, *args: Any, **kw: Any) -> Any:
        """A client, as boto3 makes it."""
        service = args[0] if args else kw.get("service_name")
        own = self.athena_endpoint_url if service == "athena" else None
        endpoint = own or self.endpoint_url
        if endpoint and not kw.get("endpoint_url"):
            kw["endpoint_url"] = endpoint
        make: Any = super().client  # typed for literal service names only
        return make(*args, **kw)


def _with_role(session: EndpointSession, arguments: Mapping[str, Any]) -> boto3.Session:
    """A session of the role; its credentials are fetched when needed and renew themselves."""
    given = {_ROLE_ARGUMENTS[k]: v for k, v in arguments.items() if k in _ROLE_ARGUMENTS}
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=session.client,
        source_credentials=session.get_credentials() or Credentials("", ""),
        role_arn=arguments["role_arn"],
        extra_args={"RoleSessionName": "fsql", **given},
    )
    core = botocore.session.Session()
    core.register_component("credential_provider", CredentialResolver([_Role(fetcher)]))
    return EndpointSession(
        session.endpoint_url,
        session.athena_endpoint_url,
        botocore_session=core,
        region_name=session.region_name,
    )


class _Role(CredentialProvider):
    METHOD = "assume-role"

    def __init__(self, fetcher: AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self._fetcher = fetcher

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._fetcher.fetch_credentials, self.METHOD)
