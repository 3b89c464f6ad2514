"""Signs an S3 request with AWS Signature Version 4 in its headers, the body unsigned.

Source: AWS General Reference, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timezone

ACCESS_KEY, SECRET_KEY, REGION = "benchmark", "benchmark-secret", "us-east-1"
ALGORITHM = "AWS4-HMAC-SHA256"


def signed_headers(method: str, host: str, path: str, now: datetime | None = None, secret: str = SECRET_KEY,
                   content: str = "UNSIGNED-PAYLOAD") -> dict[str, str]:
    """The headers to add to a request whose Host header is `host`; valid for 15 minutes."""
    stamp = (now or datetime.now(timezone.utc)).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{REGION}/s3/aws4_request"
    headers = {"host": host, "x-amz-content-sha256": content, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    listed = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join([method, path, "", listed, names, content])
    to_sign = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(signing_key(secret, stamp[:8]), to_sign.encode(), hashlib.sha256).hexdigest()
    del headers["host"]
    headers["authorization"] = (
        f"{ALGORITHM} Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={signature}")
    return headers


def signing_key(secret: str, day: str, service: str = "s3") -> bytes:
    key = ("AWS4" + secret).encode()
    for part in (day, REGION, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
