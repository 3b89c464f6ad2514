"""Requests whose replies are known to the byte, sent by a program of our own."""

from __future__ import annotations

import json
from pathlib import Path

from ..site import Endpoint, Site
from . import Done

SOURCE = Path(__file__).with_name("exchange.c")


def exchange(
    site: Site, endpoint: Endpoint, clients: int, pipeline: int, wanted: int, pairs: list[tuple[bytes, bytes]]
) -> Done:
    """Goes through the requests in turn over that many connections; each reply has to be the one beside its request."""
    said = json.loads(site.workspace.run(
        [site.compiled(SOURCE), str(endpoint.port), str(clients), str(pipeline), str(wanted)], given=script(pairs)))
    return Done(said["requests"], said["seconds"], said["p50"], said["p99"])


def script(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%d %d\n%s%s" % (len(request), len(reply), request, reply) for request, reply in pairs)
