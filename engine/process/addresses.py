"""Addresses that processes listen on: whether other machines reach them, and their URL."""

import errno
import ipaddress
import socket

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound


def is_loopback(address: str) -> bool:
    """Whether the address is reachable from this machine only; an empty address stands for all addresses."""
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
    """Whether another process listens there; OSError when the address is not one of this machine."""
    family, *_, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(place)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False
