"""Starts Fairlead: by one option for the listener, as its quick start says, or with a configuration file."""

from __future__ import annotations

import os

from .processes import Failure
from .site import Endpoint, Site


def serve(site: Site, wire: str, url: str, *options: str) -> Endpoint:
    """Fairlead listening for `wire` in front of the backend that `url` names."""
    _require(site)
    port = site.workspace.free_port()
    process = site.workspace.start("fairlead", [
        site.fairlead, "serve", f"--{wire}", f"127.0.0.1:{port}={url}", *options, *site.fairlead_options])
    site.workspace.wait_for_port(process, port)
    return Endpoint(wire, port, process)


def serve_configured(site: Site, wire: str, template: str) -> Endpoint:
    """Fairlead with a configuration of one listener; `{port}` in the template is where it listens."""
    _require(site)
    port = site.workspace.free_port()
    file = site.workspace.folder_for("fairlead") / "fairlead.yaml"
    file.write_text(template.replace("{port}", str(port)))
    process = site.workspace.start("fairlead", [site.fairlead, "serve", "--config", file, *site.fairlead_options])
    site.workspace.wait_for_port(process, port)
    return Endpoint(wire, port, process)


def version(site: Site) -> list:
    _require(site)
    return [site.fairlead, "--version"]


def _require(site: Site) -> None:
    if not os.access(site.fairlead, os.X_OK):
        raise Failure(f"there is no Fairlead at {site.fairlead}: build it with `make release` or `make build`, "
                      "name another with --fairlead PATH, or leave it out with --targets")
