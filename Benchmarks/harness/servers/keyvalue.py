"""What the key-value servers share: the proof that an endpoint leads to them."""

from __future__ import annotations

import os

from ..clients import connect
from ..processes import Failure, Process
from ..site import Endpoint


class KeyValueServer:
    wire: str
    port: int
    process: Process

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.wire, self.port)

    def calls(self, name: str) -> int:
        """How many commands of this name ("get" or "set") it has carried out with success since it started."""
        raise NotImplementedError

    def check(self, endpoint: Endpoint) -> None:
        """Proves that what is asked at the endpoint reaches this server: a key set there is found here."""
        mark = os.urandom(8).hex().encode()
        with connect(endpoint, allowed=5) as client, connect(self.endpoint, allowed=5) as direct:
            client.set("check", mark)
            if direct.get("check") != mark or client.get("check") != mark:
                raise Failure("a key set through the endpoint is not in the server behind it")
