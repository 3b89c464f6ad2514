// A boto3 program that goes through what S3 promises: what every part uses, and objects.

/// A boto3 program in parts, run one after the other: it prints `ok NAME` or `FAILED NAME …` for each check, and the names of
/// all that failed in its last line.
enum TranslatedS3Program {
    static let text = prelude + objects + uploads + bodies + refusals

    /// What every part uses: a client, a check, and the checksums that Python lacks.
    static let prelude = #"""
        import base64, boto3, hashlib, http.client, io, json, os, sys, urllib.parse, urllib.request, zlib, datetime, time
        from botocore.auth import SigV4Auth, S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        from botocore.config import Config
        from botocore.exceptions import ClientError

        endpoint, key, secret = sys.argv[1], sys.argv[2], sys.argv[3]
        failures = []
        CRC = {"CRC32C": (0x82F63B78, 4), "CRC64NVME": (0x9A6C9329AC4BC9B5, 8)}
        def crc(alg, data):
            poly, size = CRC[alg]; table = []
            for n in range(256):
                for _ in range(8): n = n >> 1 ^ (poly if n & 1 else 0)
                table.append(n)
            mask = (1 << 8 * size) - 1; reg = mask
            for b in data: reg = reg >> 8 ^ table[(reg ^ b) & 255]
            return (reg ^ mask).to_bytes(size, "big")

        def client(k=key, s=secret, **kw):
            c = dict(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=60); c.update(kw)
            return boto3.session.Session().client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=k, aws_secret_access_key=s, config=Config(**c))

        def check(name, condition, seen=None):
            if not condition:
                failures.append(name); print("FAILED", name, "" if seen is None else repr(seen)[:600])
            else:
                print("ok", name)

        def code(call):
            try:
                call(); return None
            except ClientError as e:
                return (e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"].get("Code"))

        """#

    /// Buckets, objects, lists, ranges, conditions, checksums.
    static let objects = #"""
        s3 = client()
        B = "trial-bucket"
        s3.create_bucket(Bucket=B)
        check("bucket twice", code(lambda: s3.create_bucket(Bucket=B)) == (409, "BucketAlreadyOwnedByYou"))
        check("bad bucket name", code(lambda: s3.create_bucket(Bucket="ab")) == (400, "InvalidBucketName"))
        check("list buckets", [b["Name"] for b in s3.list_buckets()["Buckets"]] == [B])
        r = s3.head_bucket(Bucket=B)
        check("capabilities header", r["ResponseMetadata"]["HTTPHeaders"].get("x-fairlead-capabilities") == "put,get,head,delete,list,range,multipart,copy,conditional,metadata,buckets", r["ResponseMetadata"]["HTTPHeaders"])
        check("head no bucket", code(lambda: s3.head_bucket(Bucket="nothere")) == (404, "404"))
        check("location", s3.get_bucket_location(Bucket=B)["LocationConstraint"] is None)
        check("versioning", "Status" not in s3.get_bucket_versioning(Bucket=B))

        keys = ["plain", "with space", "plus+sign", "percent%2Fkey", "a//b", "../../etc/passwd", "caf\u00e9/\u65e5\u672c", "a=b&c;d,e:f@g!$'()*~", "dir/sub/x", "/leading", "tab\tand\nline", "x" * 1024]
        for k in keys:
            body = (k * 100).encode()
            r = s3.put_object(Bucket=B, Key=k, Body=body, Metadata={"Mixed-Case": "v  w", "n": "1"}, ContentType="text/x", CacheControl="no-store", ContentDisposition="attachment", ContentLanguage="en", ContentEncoding="identity")
            md5 = hashlib.md5(body).hexdigest()
            check("etag " + k[:20], r["ETag"] == '"%s"' % md5, r)
            g = s3.get_object(Bucket=B, Key=k)
            check("get " + k[:20], g["Body"].read() == body)
            check("meta " + k[:20], g["Metadata"] == {"mixed-case": "v  w", "n": "1"} and g["ContentType"] == "text/x" and g["CacheControl"] == "no-store" and g["ContentDisposition"] == "attachment" and g["ContentLanguage"] == "en" and g["ContentEncoding"] == "identity", g)
            h = s3.head_object(Bucket=B, Key=k)
            check("head " + k[:20], h["ContentLength"] == len(body) and h["ETag"] == r["ETag"])
        check("key too long", code(lambda: s3.put_object(Bucket=B, Key="y" * 1025, Body=b"")) == (400, "KeyTooLongError"))
        ks = sorted(keys, key=lambda k: k.encode())
        check("list order", [o["Key"] for o in s3.list_objects_v2(Bucket=B)["Contents"]] == ks, [o["Key"] for o in s3.list_objects_v2(Bucket=B)["Contents"]])
        check("list v1", [o["Key"] for o in s3.list_objects(Bucket=B)["Contents"]] == ks)
        # paging
        got = []; token = None; n = 0
        while True:
            a = dict(Bucket=B, MaxKeys=5)
            if token: a["ContinuationToken"] = token
            p = s3.list_objects_v2(**a); n += 1
            got += [o["Key"] for o in p.get("Contents", [])]
            if not p["IsTruncated"]: break
            token = p["NextContinuationToken"]
        check("paging", got == ks and n == 3, (n, got))
        p = s3.list_objects_v2(Bucket=B, Delimiter="/")
        check("delimiter", [c["Prefix"] for c in p["CommonPrefixes"]] == ["../", "/", "a/", "caf\u00e9/", "dir/"], p.get("CommonPrefixes"))
        p = s3.list_objects_v2(Bucket=B, Delimiter="/", Prefix="dir/")
        check("prefix", [c["Prefix"] for c in p["CommonPrefixes"]] == ["dir/sub/"] and "Contents" not in p)
        check("max keys 0", s3.list_objects_v2(Bucket=B, MaxKeys=0)["KeyCount"] == 0)
        check("start after", [o["Key"] for o in s3.list_objects_v2(Bucket=B, StartAfter="plain")["Contents"]] == [k for k in ks if k.encode() > b"plain"])
        got = []
        for p in s3.get_paginator("list_objects").paginate(Bucket=B, Delimiter="/", PaginationConfig={"PageSize": 2}):
            got += [o["Key"] for o in p.get("Contents", [])] + [c["Prefix"] for c in p.get("CommonPrefixes", [])]
        check("v1 pages with groups", sorted(got, key=str.encode) == sorted([k for k in ks if "/" not in k] + ["../", "/", "a/", "caf\u00e9/", "dir/"], key=str.encode), got)

        # ranges
        body = os.urandom(100000)
        s3.put_object(Bucket=B, Key="r", Body=body)
        for spec, want in [("bytes=0-9", body[:10]), ("bytes=-5", body[-5:]), ("bytes=99990-", body[99990:]), ("bytes=5-999999", body[5:]), ("bytes=-999999", body)]:
            g = s3.get_object(Bucket=B, Key="r", Range=spec)
            check("range " + spec, g["Body"].read() == want and g["ResponseMetadata"]["HTTPStatusCode"] == 206 and g["ContentRange"].endswith("/100000"), g)
        check("range beyond", code(lambda: s3.get_object(Bucket=B, Key="r", Range="bytes=100000-")) == (416, "InvalidRange"))
        check("range of empty", (s3.put_object(Bucket=B, Key="empty", Body=b""), code(lambda: s3.get_object(Bucket=B, Key="empty", Range="bytes=0-1")))[1] == (416, "InvalidRange"))
        check("empty", s3.get_object(Bucket=B, Key="empty")["Body"].read() == b"")
        check("head range", s3.head_object(Bucket=B, Key="r", Range="bytes=1-2")["ContentLength"] == 2)
        # conditions
        etag = s3.head_object(Bucket=B, Key="r")["ETag"]; past = datetime.datetime(2001, 1, 1); future = datetime.datetime.utcnow() + datetime.timedelta(days=1)
        check("if-none-match", code(lambda: s3.get_object(Bucket=B, Key="r", IfNoneMatch=etag)) == (304, "304"))
        check("if-match", code(lambda: s3.get_object(Bucket=B, Key="r", IfMatch=etag)) is None)
        check("if-match wrong", code(lambda: s3.get_object(Bucket=B, Key="r", IfMatch='"0"')) == (412, "PreconditionFailed"))
        check("if-modified", code(lambda: s3.get_object(Bucket=B, Key="r", IfModifiedSince=future)) == (304, "304"))
        check("if-modified past", code(lambda: s3.get_object(Bucket=B, Key="r", IfModifiedSince=past)) is None)
        check("if-unmodified", code(lambda: s3.get_object(Bucket=B, Key="r", IfUnmodifiedSince=past)) == (412, "PreconditionFailed"))
        check("put if-none-match", code(lambda: s3.put_object(Bucket=B, Key="r", Body=b"x", IfNoneMatch="*")) == (412, "PreconditionFailed"))
        check("put if-none-match new", code(lambda: s3.put_object(Bucket=B, Key="r-new", Body=b"x", IfNoneMatch="*")) is None)
        check("put if-match", code(lambda: s3.put_object(Bucket=B, Key="r-new", Body=b"y", IfMatch='"0"')) == (412, "PreconditionFailed"))
        check("put if-match absent", code(lambda: s3.put_object(Bucket=B, Key="r-none", Body=b"y", IfMatch='"0"')) == (404, "NoSuchKey"))
        check("unchanged", s3.get_object(Bucket=B, Key="r-new")["Body"].read() == b"x")
        check("no such key", code(lambda: s3.get_object(Bucket=B, Key="missing")) == (404, "NoSuchKey"))
        check("head no such key", code(lambda: s3.head_object(Bucket=B, Key="missing")) == (404, "404"))
        check("no such bucket", code(lambda: s3.get_object(Bucket="nothere", Key="missing")) == (404, "NoSuchBucket"))
        check("put no such bucket", code(lambda: s3.put_object(Bucket="nothere", Key="missing", Body=b"x" * 1000000)) == (404, "NoSuchBucket"))
        # checksums
        ALG = {"CRC32": None, "CRC32C": None, "CRC64NVME": None, "SHA1": hashlib.sha1, "SHA256": hashlib.sha256}
        for mode in ("signed", "default"):
            c = client(s3={"addressing_style": "path", "payload_signing_enabled": mode == "signed"})
            for alg in ALG:
                body = os.urandom(70001)
                if alg in CRC: r = c.put_object(Bucket=B, Key="sum", Body=body, **{"Checksum" + alg: base64.b64encode(crc(alg, body)).decode()})
                else: r = c.put_object(Bucket=B, Key="sum", Body=body, ChecksumAlgorithm=alg)
                value = r.get("Checksum" + alg)
                if ALG[alg]: check("checksum value %s %s" % (alg, mode), value == base64.b64encode(ALG[alg](body).digest()).decode(), r)
                if alg == "CRC32": check("checksum value crc32 " + mode, value == base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode())
                g = c.get_object(Bucket=B, Key="sum", ChecksumMode="ENABLED")
                check("checksum returned %s %s" % (alg, mode), g.get("Checksum" + alg) == value and g["Body"].read() == body and g.get("ChecksumType") == "FULL_OBJECT", g)
                check("checksum not asked", "Checksum" + alg not in c.head_object(Bucket=B, Key="sum"))
        check("wrong checksum", code(lambda: s3.put_object(Bucket=B, Key="bad", Body=b"hello", ChecksumSHA256=base64.b64encode(b"\0" * 32).decode())) == (400, "BadDigest"))
        check("wrong md5", code(lambda: s3.put_object(Bucket=B, Key="bad", Body=b"hello", ContentMD5=base64.b64encode(b"\0" * 16).decode())) == (400, "BadDigest"))
        check("invalid md5", code(lambda: s3.put_object(Bucket=B, Key="bad", Body=b"hello", ContentMD5="abc")) == (400, "InvalidDigest"))
        check("bad not stored", code(lambda: s3.head_object(Bucket=B, Key="bad")) == (404, "404"))
        # stream bodies (file objects)
        big = os.urandom(9 << 20)
        s3.put_object(Bucket=B, Key="big", Body=io.BytesIO(big))
        check("big", s3.get_object(Bucket=B, Key="big")["Body"].read() == big)

        """#
}
