"""twemproxy (Debian's nutcracker): many clients share one upstream; it has one thread.

Source: twemproxy's recommendation.md (mbufs of their default 16 KiB for few connections) and README (a pool speaks
memcached's text protocol unless it has `redis: true`).
"""

from __future__ import annotations

from ..site import Endpoint, Site

PROGRAM = "/usr/sbin/nutcracker"
TEMPLATE = """\
bench:
  listen: 127.0.0.1:{port}
  redis: {redis}
  hash: fnv1a_64
  distribution: ketama
  preconnect: true
  backlog: 4096
  servers:
   - 127.0.0.1:{backend}:1
"""


def start(site: Site, wire: str, backend: int) -> Endpoint:
    port = site.workspace.free_port()
    folder = site.workspace.folder_for("twemproxy")
    configuration = folder / "nutcracker.yml"
    configuration.write_text(TEMPLATE.format(
        port=port, backend=backend, redis="true" if wire == "redis" else "false"))
    process = site.workspace.start("twemproxy", [
        PROGRAM, "-c", configuration, "-a", "127.0.0.1", "-s", str(site.workspace.free_port()),
        "-p", folder / "nutcracker.pid", "-o", folder / "nutcracker.log"])
    site.workspace.wait_for_port(process, port)
    return Endpoint(wire, port, process)


def version(site: Site) -> list:
    return [PROGRAM, "--version"]
