"""Which network addresses a workflow may reach: public ones, and what the operator allowed."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from flov7.kit.errors import Misconfigured

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Public by their range, and yet the metadata or control address of a cloud.
_METADATA = {"168.63.129.16"}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ODD_NUMBER = re.compile(r"^(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """One entry of the operator's list: a host name or a network, perhaps with a port."""

    host: str | None = None
    network: Network | None = None
    port: int | None = None

    def fits(self, host: str, *, address: Address, port: int) -> bool:
        """Whether a connection to `address`, reached as `host`, is what the operator meant."""
        if self.port is not None and self.port != port:
            return False
        if self.host is not None:
            return host == self.host or (self.host.startswith("*.") and host.endswith(self.host[1:]))
        return self.network is not None and address.version == self.network.version and address in self.network


def allowed(entry: str) -> Allowed:
    """Reads `host`, `*.host`, `10.0.0.0/8`, `::1`, each perhaps with `:port`. Raises Misconfigured."""
    text = entry.strip().lower()
    found = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?", text) or re.fullmatch(r"([^:]+)(?::(\d+))?", text)
    body, port = (found[1], found[2]) if found else (text, None)
    try:
        return Allowed(network=ipaddress.ip_network(body, strict=False), port=int(port) if port else None)
    except ValueError:
        if not re.fullmatch(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?", body) or _ODD_NUMBER.match(body):
            raise Misconfigured(
                f"`{entry}` is no address that can be allowed.",
                hint="Write a host, a network like 10.0.0.0/8, or either with a port, like db.internal:5432.",
            ) from None
    return Allowed(host=body, port=int(port) if port else None)


def plain(text: str) -> Address:
    """The address, freed of the IPv6 forms that hold an IPv4 one (mapped, 6to4, NAT64, Teredo)."""
    address = ipaddress.ip_address(text.split("%", 1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address.teredo is not None:
            return address.teredo[1]
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether anybody's machine may be there: not private, loopback, link-local, shared, multicast, reserved."""
    return address.is_global and not address.is_multicast and str(address) not in _METADATA


def is_odd_number(host: str) -> bool:
    """Whether a host is a number that only some programs take for an address (`2130706433`, `0177.0.0.1`)."""
    if not _ODD_NUMBER.match(host):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
