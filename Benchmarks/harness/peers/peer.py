"""What a peer is: a program that is started in front of a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..site import Endpoint, Site


@dataclass(frozen=True)
class Peer:
    #: Starts it in front of the server's port, for clients that speak that wire.
    start: Callable[[Site, str, int], Endpoint]
    #: The command that says which version it is.
    version: Callable[[Site], list]
