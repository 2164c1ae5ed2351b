"""Addresses on which processes listen: whether other machines can reach them, and their URLs."""

import errno
import ipaddress
import socket

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address. An empty address means all addresses."""
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def web_address(address: str, port: int) -> str:
    """The URL of a server that listens on the address."""
    host = socket.gethostname() if address in EVERYWHERE else address
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_taken(address: str, port: int) -> bool:
    """Whether another process listens at the address. Raises OSError when this machine does not have the address."""
    family, *_, endpoint = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(endpoint)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False
