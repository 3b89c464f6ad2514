"""What the key-value loads share: GET or SET of one value, counted by the server that carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..clients import connect
from ..processes import Failure
from ..servers.keyvalue import KeyValueServer
from ..site import Endpoint, Site
from . import Done, Load

PROBE_REQUESTS = 2_000


@dataclass
class KeyValueLoad(Load):
    command: str
    clients: int
    pipeline: int
    value_bytes: int
    requests: int = 0

    wire: ClassVar[str]
    #: The key that is read and written; other wires use others, for what lies there may look different to them.
    key: ClassVar[str]

    @property
    def value(self) -> bytes:
        return b"x" * self.value_bytes

    def lay_out(self, site: Site, server: KeyValueServer, endpoint: Endpoint) -> None:
        with connect(endpoint) as client:
            client.set(self.key, self.value)

    def plan(self, site: Site, server: KeyValueServer, endpoint: Endpoint, seconds: float) -> None:
        self.requests = PROBE_REQUESTS
        # The first probe is over in a blink; the second lasts long enough to be believed.
        self.requests = max(PROBE_REQUESTS, int(self.run(site, server, endpoint).rate * 0.2))
        # The first target is a direct way where there is one; proxies are slower, so a round of theirs takes longer.
        self.requests = max(PROBE_REQUESTS, int(self.run(site, server, endpoint).rate * seconds * 0.6))

    def run(self, site: Site, server: KeyValueServer, endpoint: Endpoint, share: float = 1.0) -> Done:
        batch = self.clients * self.pipeline
        wanted = max(1, round(self.requests * share / batch)) * batch
        before = self.arrived(server)
        done = self.ask(site, endpoint, wanted)
        arrived = self.arrived(server) - before
        if arrived < wanted:
            raise Failure(f"of {wanted} {self.command} commands the server carried out {arrived}")
        return done

    def arrived(self, server: KeyValueServer) -> int:
        """How many of its requests the server has carried out since it started."""
        return server.calls(self.command)

    def ask(self, site: Site, endpoint: Endpoint, wanted: int) -> Done:
        """Has that many requests sent and answered by the load's program."""
        raise NotImplementedError
