"""Addresses that processes listen on: which of them only this machine can reach, and how a browser is sent to one."""

import errno
import ipaddress
import socket

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - named in order to be refused or told


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches what listens there; an empty address is every one that there is."""
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def web_address(address: str, port: int) -> str:
    """What one types into a browser to reach an address that is listened on."""
    host = socket.gethostname() if address in EVERYWHERE else address
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_taken(address: str, port: int) -> bool:
    """Whether another process listens there; OSError when the address is none of this machine's."""
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
