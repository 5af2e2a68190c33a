"""Which addresses requests of ours may go to: none inside our own network, unless a setting says so.

The name is resolved here, every address it has is checked, and the request then goes to the checked
address itself: a name that resolves differently a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from bot.errors import BadInput, Unavailable


@dataclass(frozen=True)
class Target:
    """Where to connect: the address instead of the name, and the name for ``Host`` and TLS."""

    url: str
    host: str
    name: str


def resolve(url: str, *, private: bool) -> Target:
    """The target of ``url``. Raises BadInput for a forbidden address, Unavailable for an unknown name."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"The name {name[:100]} cannot be resolved.") from error
    addresses = [str(item[4][0]).partition("%")[0] for item in found]
    if not private and not all(is_public(address) for address in addresses):
        raise BadInput(f"{name[:100]} is an address inside a private network.")
    if not addresses:
        raise Unavailable(f"The name {name[:100]} has no address.")
    address = addresses[0]
    literal = f"[{address}]" if ":" in address else address
    return Target(urlunsplit((parts.scheme, f"{literal}:{port}", parts.path or "/", parts.query, "")),
                  parts.netloc, name)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
