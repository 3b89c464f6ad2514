"""PgBouncer in session mode: one server connection for each client connection; it has one thread.

Source: PgBouncer's config documentation (`pool_mode`, `default_pool_size` at least the clients, `auth_type`).
"""

from __future__ import annotations

import os

from ..servers.postgres import DATABASE, USER
from ..site import Endpoint, Site

PROGRAM = "/usr/sbin/pgbouncer"
TEMPLATE = """\
[databases]
{database} = host=127.0.0.1 port={backend}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = session
max_client_conn = 500
default_pool_size = 100
log_connections = 0
log_disconnections = 0
log_stats = 0
"""


def start(site: Site, wire: str, backend: int) -> Endpoint:
    port = site.workspace.free_port()
    # It refuses to run as root.
    owner = "postgres" if os.geteuid() == 0 else None
    folder = site.workspace.folder_for("pgbouncer", owner)
    (folder / "users.txt").write_text(f'"{USER}" ""\n')
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(TEMPLATE.format(database=DATABASE, backend=backend, port=port, folder=folder))
    process = site.workspace.start("pgbouncer", [PROGRAM, "-q", configuration], user=owner)
    site.workspace.wait_for_port(process, port)
    return Endpoint(wire, port, process)


def version(site: Site) -> list:
    return [PROGRAM, "--version"]
