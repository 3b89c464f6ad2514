"""HAProxy: `mode tcp` for Redis and PostgreSQL, `mode http` for S3.

Source: HAProxy's Configuration Manual: `nbthread`, `maxconn`, and the three time-outs it warns about when absent.
Reuse of idle upstream connections is its default (`http-reuse safe`), as is the close of idle ones.
"""

from __future__ import annotations

from ..site import Endpoint, Site

PROGRAM = "/usr/sbin/haproxy"
TEMPLATE = """\
global
    nbthread {workers}
    maxconn {connections}

defaults
    mode {mode}
    maxconn {connections}
    timeout connect 5s
    timeout client 1h
    timeout server 1h

listen bench
    bind 127.0.0.1:{port}
    server backend 127.0.0.1:{backend}
"""


def start(site: Site, wire: str, backend: int) -> Endpoint:
    port = site.workspace.free_port()
    configuration = site.workspace.folder_for("haproxy") / "haproxy.cfg"
    configuration.write_text(TEMPLATE.format(
        workers=site.workers, connections=site.connections, mode="http" if wire == "s3" else "tcp", port=port,
        backend=backend))
    process = site.workspace.start("haproxy", [PROGRAM, "-db", "-f", configuration])
    site.workspace.wait_for_port(process, port)
    return Endpoint(wire, port, process)


def version(site: Site) -> list:
    return [PROGRAM, "-v"]
