"""nginx: the stream module for Redis and PostgreSQL, HTTP for S3.

Source: nginx's documentation of ngx_stream_proxy_module, ngx_http_upstream_module (`keepalive` with HTTP/1.1 and an
empty Connection header), and of S3 servers that recommend nginx (MinIO: no buffering of bodies, no limit on their
size, the client's own Host header).
"""

from __future__ import annotations

import os

from ..site import Endpoint, Site

PROGRAM = "/usr/sbin/nginx"
LOAD_STREAM = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;"
COMMON = """\
{module}
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
worker_processes {workers};
events {{ worker_connections {connections}; }}
"""
STREAM = """\
stream {{
    access_log off;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        tcp_nodelay on;
        proxy_timeout 1h;
        proxy_pass 127.0.0.1:{backend};
    }}
}}
"""
HTTP = """\
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    tcp_nodelay on;
    ignore_invalid_headers off;
    upstream backend {{
        server 127.0.0.1:{backend};
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        client_max_body_size 0;
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_buffering off;
            proxy_request_buffering off;
        }}
    }}
}}
"""


def start(site: Site, wire: str, backend: int) -> Endpoint:
    port = site.workspace.free_port()
    folder = site.workspace.folder_for("nginx")
    # Workers that a root master starts would lose the right to the temporary folder.
    user = "user root;" if os.geteuid() == 0 else ""
    text, module = (COMMON + HTTP, "") if wire == "s3" else (COMMON + STREAM, LOAD_STREAM)
    configuration = folder / "nginx.conf"
    configuration.write_text(text.format(
        module=module, user=user, folder=folder, workers=site.workers, connections=2 * site.connections, port=port,
        backend=backend))
    process = site.workspace.start("nginx", [PROGRAM, "-p", folder, "-e", folder / "error.log", "-c", configuration])
    site.workspace.wait_for_port(process, port)
    return Endpoint(wire, port, process)


def version(site: Site) -> list:
    return [PROGRAM, "-v"]
