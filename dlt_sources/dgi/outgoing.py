"""Where requests may go: over HTTPS, and to no address of a private network unless that is allowed.

An address in the registry leads this machine to send requests. Whoever can enter one must not reach with it what only
this machine can reach: its own services, those beside it, a cloud's metadata. A name says nothing of where it leads, so
each address is looked at when a connection to it is made.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

_HTTPS_REMEDY = "give it as https://"
_PRIVATE_REMEDY = "set ALLOW_PRIVATE_ADDRESSES=1 if the server really stands in a network of your own"
# An IPv4 address lies in the last four bytes of these (RFC 6052), and is where they lead.
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """A server that nothing is sent to; the text says why, and what to do."""


@dataclass(frozen=True)
class Outgoing:
    """What is allowed beyond public addresses over HTTPS: plain HTTP, addresses of private networks.

    `authorities` is a file of certificate authorities that are trusted in the place of the public ones.
    """

    plain_http: bool = False
    private_addresses: bool = False
    authorities: str | None = None

    def complaint(self, url: str) -> str | None:
        """Why nothing may be sent to this address, as far as its text tells; None when that is nothing."""
        parts = urlsplit(url)
        if parts.scheme != "https" and not self.plain_http:
            return f"«{url}» is not encrypted: {_HTTPS_REMEDY}"
        host = parts.hostname or ""
        if not self.private_addresses and (host == "localhost" or _is_private(host)):
            return f"«{host}» is an address of a private network: {_PRIVATE_REMEDY}"
        return None


def refuse_private(host: str, address: str) -> None:
    """Raise AddressRefused where `address`, which the name of `host` leads to, is one of a private network."""
    if _is_private(address):
        where = host if host == address else f"{host} leads to {address}, which"
        raise AddressRefused(f"{where} is an address of a private network: nothing was sent; {_PRIVATE_REMEDY}")


def _is_private(text: str) -> bool:
    try:
        address = _meant(ip_address(text))
    except ValueError:
        return False  # a name
    return not address.is_global or address.is_multicast or address.is_reserved


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address within an IPv6 one that leads there."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
