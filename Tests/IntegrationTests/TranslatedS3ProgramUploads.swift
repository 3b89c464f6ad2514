// The boto3 program goes on: copies, uploads, presigned URLs, and bodies signed in chunks.

extension TranslatedS3Program {
    /// Copies, uploads in parts, presigned URLs, wrong keys.
    static let uploads = #"""
        # copy
        r = s3.copy_object(Bucket=B, Key="copy", CopySource={"Bucket": B, "Key": "caf\u00e9/\u65e5\u672c"})
        check("copy", r["CopyObjectResult"]["ETag"] == s3.head_object(Bucket=B, Key="caf\u00e9/\u65e5\u672c")["ETag"] and s3.head_object(Bucket=B, Key="copy")["Metadata"]["n"] == "1")
        check("copy to itself", code(lambda: s3.copy_object(Bucket=B, Key="copy", CopySource={"Bucket": B, "Key": "copy"})) == (400, "InvalidRequest"))
        s3.copy_object(Bucket=B, Key="copy", CopySource={"Bucket": B, "Key": "copy"}, MetadataDirective="REPLACE", Metadata={"new": "2"}, ContentType="a/b")
        h = s3.head_object(Bucket=B, Key="copy"); check("copy replace", h["Metadata"] == {"new": "2"} and h["ContentType"] == "a/b")
        check("copy condition", code(lambda: s3.copy_object(Bucket=B, Key="copy2", CopySource={"Bucket": B, "Key": "copy"}, CopySourceIfMatch='"0"')) == (412, "PreconditionFailed"))
        check("copy missing", code(lambda: s3.copy_object(Bucket=B, Key="copy2", CopySource={"Bucket": B, "Key": "none"})) == (404, "NoSuchKey"))
        s3.copy_object(Bucket=B, Key="copy3", CopySource={"Bucket": B, "Key": "big"}, ChecksumAlgorithm="SHA256")
        g = s3.get_object(Bucket=B, Key="copy3", ChecksumMode="ENABLED"); check("copy big", g["Body"].read() == big and g["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(big).digest()).decode())
        # multipart
        for alg, typ in [(None, None), ("CRC32", None), ("SHA256", None), ("CRC32", "FULL_OBJECT")]:
            a = {}
            if alg: a["ChecksumAlgorithm"] = alg
            if typ: a["ChecksumType"] = typ
            u = s3.create_multipart_upload(Bucket=B, Key="multi", Metadata={"m": "p"}, ContentType="c/d", **a)["UploadId"]
            data = [os.urandom(5 << 20), os.urandom(6 << 20), os.urandom(1000)]
            parts = []
            for i, d in enumerate(data):
                r = s3.upload_part(Bucket=B, Key="multi", UploadId=u, PartNumber=i * 3 + 1, Body=d, **({"ChecksumAlgorithm": alg} if alg else {}))
                p = {"ETag": r["ETag"], "PartNumber": i * 3 + 1}
                if alg: p["Checksum" + alg] = r["Checksum" + alg]
                parts.append(p)
            s3.upload_part(Bucket=B, Key="multi", UploadId=u, PartNumber=99, Body=b"unused", **({"ChecksumAlgorithm": alg} if alg else {}))
            check("list parts", [(p["PartNumber"], p["Size"]) for p in s3.list_parts(Bucket=B, Key="multi", UploadId=u)["Parts"]] == [(1, 5 << 20), (4, 6 << 20), (7, 1000), (99, 6)])
            pg = s3.list_parts(Bucket=B, Key="multi", UploadId=u, MaxParts=2, PartNumberMarker=1)
            check("list parts page", [p["PartNumber"] for p in pg["Parts"]] == [4, 7] and pg["IsTruncated"] and pg["NextPartNumberMarker"] == 7)
            check("list uploads", [(x["Key"], x["UploadId"]) for x in s3.list_multipart_uploads(Bucket=B)["Uploads"]] == [("multi", u)])
            check("invalid part", code(lambda: s3.complete_multipart_upload(Bucket=B, Key="multi", UploadId=u, MultipartUpload={"Parts": [{"ETag": '"00"', "PartNumber": 1}]})) == (400, "InvalidPart"))
            check("part order", code(lambda: s3.complete_multipart_upload(Bucket=B, Key="multi", UploadId=u, MultipartUpload={"Parts": parts[::-1]})) == (400, "InvalidPartOrder"))
            if typ:
                whole = b"".join(data); right = base64.b64encode(zlib.crc32(whole).to_bytes(4, "big")).decode()
                check("object checksum wrong", code(lambda: s3.complete_multipart_upload(Bucket=B, Key="multi", UploadId=u, MultipartUpload={"Parts": parts}, ChecksumCRC32="AAAAAA==", ChecksumType=typ)) == (400, "BadDigest"))
                check("object size wrong", code(lambda: s3.complete_multipart_upload(Bucket=B, Key="multi", UploadId=u, MultipartUpload={"Parts": parts}, MpuObjectSize=5)) == (400, "BadDigest"))
                more = {"ChecksumCRC32": right, "ChecksumType": typ, "MpuObjectSize": len(whole)}
            elif alg == "SHA256": more = {"ChecksumSHA256": base64.b64encode(hashlib.sha256(b"".join(hashlib.sha256(d).digest() for d in data)).digest()).decode() + "-3"}
            else: more = {}
            r = s3.complete_multipart_upload(Bucket=B, Key="multi", UploadId=u, MultipartUpload={"Parts": parts}, **more)
            want = hashlib.md5(b"".join(hashlib.md5(d).digest() for d in data)).hexdigest() + "-3"
            check("multipart etag", r["ETag"] == '"%s"' % want, r)
            whole = b"".join(data)
            if alg == "SHA256": check("composite", r["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"".join(hashlib.sha256(d).digest() for d in data)).digest()).decode() + "-3", r)
            if typ: check("full object crc", r["ChecksumCRC32"] == base64.b64encode(zlib.crc32(whole).to_bytes(4, "big")).decode() and r["ChecksumType"] == "FULL_OBJECT", r)
            g = s3.get_object(Bucket=B, Key="multi"); check("multipart get", g["Body"].read() == whole and g["Metadata"] == {"m": "p"} and g["ContentType"] == "c/d")
            g = s3.get_object(Bucket=B, Key="multi", Range="bytes=%d-%d" % ((5 << 20) - 10, (5 << 20) + 9)); check("multipart range", g["Body"].read() == whole[(5 << 20) - 10:(5 << 20) + 10])
            g = s3.get_object(Bucket=B, Key="multi", PartNumber=2); check("part number", g["Body"].read() == data[1] and g["PartsCount"] == 3, g)
            check("again", s3.complete_multipart_upload(Bucket=B, Key="multi", UploadId=u, MultipartUpload={"Parts": parts})["ETag"] == r["ETag"])
        check("no such upload", code(lambda: s3.upload_part(Bucket=B, Key="multi", UploadId="nope", PartNumber=1, Body=b"x")) == (404, "NoSuchUpload"))
        u = s3.create_multipart_upload(Bucket=B, Key="small")["UploadId"]
        ps = [{"PartNumber": n, "ETag": s3.upload_part(Bucket=B, Key="small", UploadId=u, PartNumber=n, Body=b"tiny")["ETag"]} for n in (1, 2)]
        check("too small", code(lambda: s3.complete_multipart_upload(Bucket=B, Key="small", UploadId=u, MultipartUpload={"Parts": ps})) == (400, "EntityTooSmall"))
        r = s3.upload_part_copy(Bucket=B, Key="small", UploadId=u, PartNumber=3, CopySource={"Bucket": B, "Key": "multi"}, CopySourceRange="bytes=100-5242979")
        check("part copy", r["CopyPartResult"]["ETag"] == '"%s"' % hashlib.md5(whole[100:5242980]).hexdigest())
        s3.abort_multipart_upload(Bucket=B, Key="small", UploadId=u)
        check("aborted", code(lambda: s3.list_parts(Bucket=B, Key="small", UploadId=u)) == (404, "NoSuchUpload"))
        s3.copy_object(Bucket=B, Key="multicopy", CopySource={"Bucket": B, "Key": "multi"})
        h = s3.head_object(Bucket=B, Key="multicopy"); check("copy of multipart", h["ETag"] == '"%s"' % hashlib.md5(whole).hexdigest())
        s3.upload_fileobj(io.BytesIO(big * 3), B, "transfer"); out = io.BytesIO(); s3.download_fileobj(B, "transfer", out); check("transfer", out.getvalue() == big * 3)
        # presigned
        url = s3.generate_presigned_url("get_object", Params={"Bucket": B, "Key": "r", "ResponseContentType": "x/y", "ResponseCacheControl": "c"}, ExpiresIn=60)
        with urllib.request.urlopen(url) as f: check("presigned get", len(f.read()) == 100000 and f.headers["content-type"] == "x/y" and f.headers["cache-control"] == "c")
        def status(req):
            try:
                with urllib.request.urlopen(req) as f: return f.status, f.read()
            except urllib.error.HTTPError as e: return e.code, e.read()
        check("presigned tampered", status(url.replace("x%2Fy", "x%2Fz"))[0] == 403)
        url = s3.generate_presigned_url("put_object", Params={"Bucket": B, "Key": "pre signed", "Metadata": {"k": "v"}, "ContentType": "t/t"}, ExpiresIn=60)
        check("presigned put", status(urllib.request.Request(url, data=b"hello", method="PUT", headers={"content-type": "t/t", "x-amz-meta-k": "v"}))[0] == 200)
        check("presigned put stored", s3.head_object(Bucket=B, Key="pre signed")["Metadata"] == {"k": "v"})
        check("presigned unsigned header", status(urllib.request.Request(url, data=b"hello", method="PUT", headers={"content-type": "t/t", "x-amz-meta-k": "v", "x-amz-meta-z": "v"}))[0] == 403)
        url = s3.generate_presigned_url("get_object", Params={"Bucket": B, "Key": "r"}, ExpiresIn=1); time.sleep(2.5)
        st = status(url); check("expired", st[0] == 403 and b"Request has expired" in st[1], st)
        # who asks
        check("wrong secret", code(lambda: client(s="wrong").list_buckets()) == (403, "SignatureDoesNotMatch"))
        check("wrong key", code(lambda: client(k="AKIAUNKNOWN").list_buckets()) == (403, "InvalidAccessKeyId"))
        st = status(endpoint + "/" + B); check("anonymous", st[0] == 403 and b"AccessDenied" in st[1], st)
        check("wrong secret put", code(lambda: client(s="wrong").put_object(Bucket=B, Key="x", Body=b"x" * 3000000)) == (403, "SignatureDoesNotMatch"))

        """#

    /// Bodies signed in chunks, with trailers, and tampered with.
    static let bodies = #"""
        # aws-chunked bodies, signed by botocore's key schedule
        import hmac
        def mac(k, m): return hmac.new(k, m if isinstance(m, bytes) else m.encode(), hashlib.sha256).digest()
        class Streaming(S3SigV4Auth):
            def payload(self, request): return self.mode
        def streaming(name, chunks, want, signed=True, trailer=None, tamper=None, announced=None, secret_key=secret):
            content = b"".join(chunks)
            mode = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")) if signed else "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
            url = urllib.parse.urlsplit(endpoint)
            request = AWSRequest("PUT", endpoint + "/" + B + "/" + urllib.parse.quote(name), headers={"content-encoding": "aws-chunked", "x-amz-decoded-content-length": str(len(content) if announced is None else announced)})
            if trailer: request.headers["x-amz-trailer"] = trailer[0]
            auth = Streaming(Credentials(key, secret_key), "s3", "us-east-1"); auth.mode = mode
            auth.add_auth(request)
            date = request.headers["X-Amz-Date"]
            scope = "%s/us-east-1/s3/aws4_request" % date[:8]
            k = mac(mac(mac(mac(b"AWS4" + secret_key.encode(), date[:8]), "us-east-1"), "s3"), "aws4_request")
            previous = request.headers["Authorization"].split("Signature=")[1]
            body = b""
            for chunk in list(chunks) + [b""]:
                previous = mac(k, "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest()])).hex()
                body += b"%x" % len(chunk) + (b";chunk-signature=" + previous.encode() if signed else b"") + b"\r\n" + (chunk + b"\r\n" if chunk else b"")
            if trailer:
                line = trailer[0] + ":" + trailer[1]
                body += line.encode() + b"\r\n"
                if signed:
                    previous = mac(k, "\n".join(["AWS4-HMAC-SHA256-TRAILER", date, scope, previous, hashlib.sha256((line + "\n").encode()).hexdigest()])).hex()
                    body += b"x-amz-trailer-signature:" + previous.encode() + b"\r\n"
            body += b"\r\n"
            if tamper: body = tamper(body)
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
            connection.request("PUT", urllib.parse.quote("/%s/%s" % (B, name)), body=body, headers=dict(request.headers.items()))
            answer = connection.getresponse(); text = answer.read().decode()
            found = text.split("<Code>")[1].split("</Code>")[0] if "<Code>" in text else None
            check("chunks " + repr((want, signed, bool(trailer), bool(tamper))), (answer.status, found) == want, (answer.status, text))
            if want[0] == 200: check("chunks stored", s3.get_object(Bucket=B, Key=name)["Body"].read() == content)
            return answer
        def b64(b): return base64.b64encode(b).decode()
        data = [os.urandom(65536), os.urandom(100000), os.urandom(7)]; joined = b"".join(data)
        streaming("chunk key", data, (200, None))
        streaming("chunk", [], (200, None))
        for alg, value in [("sha256", hashlib.sha256(joined).digest()), ("sha1", hashlib.sha1(joined).digest()), ("crc32", zlib.crc32(joined).to_bytes(4, "big")), ("crc32c", crc("CRC32C", joined)), ("crc64nvme", crc("CRC64NVME", joined))]:
            for signed in (True, False):
                r = streaming("chunk", data, (200, None), signed=signed, trailer=("x-amz-checksum-" + alg, b64(value)))
                check("trailer checksum answered", r.headers["x-amz-checksum-" + alg] == b64(value))
                streaming("chunk2", data, (400, "BadDigest"), signed=signed, trailer=("x-amz-checksum-" + alg, b64(bytes(len(value)))))
        flip = lambda at: lambda body: body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]
        streaming("chunk2", data, (403, "SignatureDoesNotMatch"), tamper=flip(5000))
        streaming("chunk2", data, (403, "SignatureDoesNotMatch"), tamper=flip(30))
        streaming("chunk2", data, (403, "SignatureDoesNotMatch"), tamper=lambda b: b.replace(b";chunk-signature=", b";chunk-signaturf=", 1))
        streaming("chunk2", data, (403, "SignatureDoesNotMatch"), trailer=("x-amz-checksum-crc32", b64(zlib.crc32(joined).to_bytes(4, "big"))), tamper=lambda b: b.replace(b"trailer-signature:", b"trailer-signature:0"))
        streaming("chunk2", data, (400, "BadDigest"), signed=False, trailer=("x-amz-checksum-crc32", b64(zlib.crc32(joined).to_bytes(4, "big"))), tamper=flip(5000))
        streaming("chunk2", data, (400, "IncompleteBody"), announced=len(joined) + 1)
        streaming("chunk2", data, (400, "IncompleteBody"), announced=len(joined) - 1)
        streaming("chunk2", data, (400, "IncompleteBody"), tamper=lambda b: b[:-400])
        streaming("chunk2", data, (403, "SignatureDoesNotMatch"), secret_key="wrong")
        check("nothing of them is stored", code(lambda: s3.head_object(Bucket=B, Key="chunk2")) == (404, "404"))
        # a whole body whose hash is another one, and a clock that is wrong
        def signed_put(body, sent, shift=0):
            import botocore.auth as a
            request = AWSRequest("PUT", endpoint + "/" + B + "/hash", data=body)
            original = a.get_current_datetime
            a.get_current_datetime = lambda *x, **y: original(*x, **y) + datetime.timedelta(seconds=shift)
            try: S3SigV4Auth(Credentials(key, secret), "s3", "us-east-1").add_auth(request)
            finally: a.get_current_datetime = original
            headers = dict(request.headers.items()); headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
            return status(urllib.request.Request(endpoint + "/" + B + "/hash", data=sent, method="PUT", headers=headers))
        class Whole(S3SigV4Auth):
            def payload(self, request): return hashlib.sha256(request.body).hexdigest()
        S3SigV4Auth, Kept = Whole, S3SigV4Auth
        st = signed_put(b"hello", b"hellp"); check("hash of the body", st[0] == 400 and b"XAmzContentSHA256Mismatch" in st[1], st)
        check("hash good", signed_put(b"hello", b"hello")[0] == 200)
        st = signed_put(b"hello", b"hello", shift=-1000); check("clock behind", st[0] == 403 and b"RequestTimeTooSkewed" in st[1], st)
        st = signed_put(b"hello", b"hello", shift=1000); check("clock ahead", st[0] == 403 and b"RequestTimeTooSkewed" in st[1], st)
        check("clock near", signed_put(b"hello", b"hello", shift=-600)[0] == 200)

        """#

    /// What is refused, and what is deleted.
    static let refusals = #"""
        # refusals
        for name, call in {
            "acl": lambda: s3.put_object_acl(Bucket=B, Key="r", ACL="public-read"), "acl on put": lambda: s3.put_object(Bucket=B, Key="r2", Body=b"", ACL="public-read"),
            "tagging": lambda: s3.put_object_tagging(Bucket=B, Key="r", Tagging={"TagSet": []}), "sse": lambda: s3.put_object(Bucket=B, Key="r2", Body=b"", ServerSideEncryption="AES256"),
            "versioning": lambda: s3.put_bucket_versioning(Bucket=B, VersioningConfiguration={"Status": "Enabled"}), "version": lambda: s3.get_object(Bucket=B, Key="r", VersionId="abc"),
            "lock": lambda: s3.put_object(Bucket=B, Key="r2", Body=b"", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=future), "policy": lambda: s3.get_bucket_policy(Bucket=B),
            "storage class": lambda: s3.put_object(Bucket=B, Key="r2", Body=b"", StorageClass="GLACIER"), "lifecycle": lambda: s3.get_bucket_lifecycle_configuration(Bucket=B),
            "attributes": lambda: s3.get_object_attributes(Bucket=B, Key="r", ObjectAttributes=["ETag"]), "owner": lambda: s3.head_object(Bucket=B, Key="r", ExpectedBucketOwner="1"),
        }.items():
            c = code(call); check("refused " + name, c is not None and c[0] == 501 and c[1] in ("NotImplemented", "501"), c)
        # delete
        d = s3.delete_objects(Bucket=B, Delete={"Objects": [{"Key": "with space"}, {"Key": "not there"}, {"Key": "tab\tand\nline"}]})
        check("delete several", [x["Key"] for x in d["Deleted"]] == ["with space", "not there", "tab\tand\nline"] and "Errors" not in d, d)
        check("delete quiet", "Deleted" not in s3.delete_objects(Bucket=B, Delete={"Objects": [{"Key": "plain"}], "Quiet": True}))
        check("not empty", code(lambda: s3.delete_bucket(Bucket=B)) == (409, "BucketNotEmpty"))
        check("delete one", s3.delete_object(Bucket=B, Key="r")["ResponseMetadata"]["HTTPStatusCode"] == 204 and s3.delete_object(Bucket=B, Key="r")["ResponseMetadata"]["HTTPStatusCode"] == 204)
        for p in s3.get_paginator("list_objects_v2").paginate(Bucket=B):
            for o in p.get("Contents", []): s3.delete_object(Bucket=B, Key=o["Key"])
        s3.delete_bucket(Bucket=B)
        check("gone", code(lambda: s3.list_objects_v2(Bucket=B)) == (404, "NoSuchBucket"))
        print("FAILURES", failures)

        """#
}
