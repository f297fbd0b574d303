"""Who may ask a server that asks for no signatures.

It trusts every program on the machine, and web pages run on the machine too: a page may send
requests to loopback, and by DNS rebinding (its own name, resolved to 127.0.0.1) even read the
answers. Browsers tell on both, in the headers Origin, Sec-Fetch-Site and Host.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from fsql.local.wire import AwsError

__all__ = ["Guard", "is_loopback", "valid_host"]

# Names are no longer: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{1,45}\])(?::\d{1,5})?")
_TRUSTED = (".localhost", ".amazonaws.com", ".amazonaws.com.cn")


class Guard:
    """Refuses what a browser sends for a page from elsewhere.

    Args:
        host: the name or address that the server was told to bind.
    """

    def __init__(self, host: str) -> None:
        self._host = host.lower()
        # Whoever binds another address may be called by names that the server can't know.
        self._any_name = not is_loopback(host)

    def check(self, headers: Mapping[str, str]) -> None:
        """AwsError AccessDenied."""
        # An image or a script of a page comes without an Origin; what a person opens is "none".
        if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
            raise AwsError(
                "AccessDenied",
                "Requests from web pages are refused; start the server with --require-signature "
                "to serve them.",
                403,
            )
        name = _name(headers.get("host", self._host))
        if not (self._any_name or name == self._host or is_loopback(name) or _is_trusted(name)):
            raise AwsError(
                "AccessDenied",
                f"The host {name} is not this server's. Use http://{self._host} or localhost, or "
                "start the server with --require-signature.",
                403,
            )


def valid_host(text: str) -> bool:
    """Whether a Host header is one: a name or an address, and perhaps a port."""
    return bool(_HOST.fullmatch(text))


def is_loopback(host: str) -> bool:
    """Whether a name or an address means this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_trusted(name: str) -> bool:
    return name.endswith(_TRUSTED)


def _name(host: str) -> str:
    host = host.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
