"""A scratch PostgreSQL with pgbench's tables, tuned so that nothing but select statements costs time."""

from __future__ import annotations

import os
import signal
import time

from ..processes import Failure
from ..site import Endpoint, Site

USER, DATABASE = "bench", "bench"
# Rows of pgbench_accounts: 100,000 for each unit of scale.
SCALE = 2
# libpq would ask for TLS or GSS first; every target gets the same plain start.
CLIENT_ENVIRONMENT = {"PGSSLMODE": "disable", "PGGSSENCMODE": "disable", "PGUSER": USER, "PGDATABASE": DATABASE,
                      "PGHOST": "127.0.0.1", "PGCONNECT_TIMEOUT": "10"}
SETTINGS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "autovacuum": "off",
            "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB",
            "max_connections": "200", "logging_collector": "off", "jit": "off"}


class PostgresServer:
    wire = "postgres"

    def __init__(self, site: Site):
        self.site = site
        self.port = site.workspace.free_port()
        programs = site.postgres_programs
        # The server refuses to run as root.
        owner = "postgres" if os.geteuid() == 0 else None
        data = site.workspace.folder_for("postgres", owner)
        data.chmod(0o700)
        site.workspace.run([programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8",
                            "--locale", "C"], user=owner)
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        self.process = site.workspace.start(
            "postgres", [programs / "postgres", "-D", data, "-p", str(self.port), *options], user=owner,
            stop_signal=signal.SIGINT)
        site.workspace.wait_for_port(self.process, self.port)
        self._wait_until_ready()
        self.query(self.port, f"CREATE DATABASE {DATABASE}", database="postgres")
        site.workspace.run([programs / "pgbench", "-i", "-q", "-s", str(SCALE), "-p", str(self.port)],
                           env=CLIENT_ENVIRONMENT)

    @staticmethod
    def version(site: Site) -> list:
        return [site.postgres_programs / "postgres", "--version"]

    def query(self, port: int, statement: str, database: str = DATABASE) -> str:
        """Runs one statement with psql through `port` and gives its unadorned output."""
        return self._psql(port, ["-A", "-t", "-q", "-c", statement], database)

    def client_copy(self, port: int, statement: str) -> str:
        """Runs psql's own copy through `port` and gives the command tag it prints."""
        return self._psql(port, ["-c", "\\" + statement], DATABASE)

    def check(self, endpoint: Endpoint) -> None:
        """Proves that a statement sent to the endpoint is run by this server."""
        said = self.query(endpoint.port, "SELECT inet_server_port()")
        if said != str(self.port):
            raise Failure(f"a statement was run by the server on port {said!r}, not {self.port}")

    def _psql(self, port: int, words: list[str], database: str) -> str:
        return self.site.workspace.run(
            [self.site.postgres_programs / "psql", "-X", "-v", "ON_ERROR_STOP=1", "-p", str(port), *words],
            env={**CLIENT_ENVIRONMENT, "PGDATABASE": database}).strip()

    def _wait_until_ready(self, allowed: float = 20.0) -> None:
        # The port is open a moment before the server takes statements.
        deadline = time.monotonic() + allowed
        while True:
            try:
                self.query(self.port, "SELECT 1", database="postgres")
                return
            except Failure:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
