// A boto3 program that goes through the S3 API and prints what it saw, for two runs to be compared.

import Foundation
import TestSupport

/// Runs the program against an address: `main.py ENDPOINT BUCKET`.
enum S3PythonClient {
    /// One line a step, without what differs from run to run; a step the server refuses prints the error's code.
    static func run(
        _ endpoint: String, bucket: String, credentials: S3Credentials, env: [String: String] = [:],
        options: [String] = []
    ) async throws -> [String] {
        let folder = try TemporaryFolder()
        let file = try folder.write("main.py", program)
        let result = try await Command.check(
            [try Tools.python, file, endpoint, bucket] + options, env: credentials.environment.merging(env) { $1 },
            timeout: .seconds(120))
        return result.text.split(separator: "\n").map(String.init)
    }

    private static let program = #"""
        import boto3, hashlib, hmac, http.client, json, sys, urllib.parse, urllib.request
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.config import Config
        from botocore.exceptions import ClientError

        endpoint, bucket, options = sys.argv[1], sys.argv[2], sys.argv[3:]
        ca = next((o[3:] for o in options if o.startswith("ca=")), None)
        config = Config(s3={"addressing_style": "path", "payload_signing_enabled": "signed" in options},
                        retries={"total_max_attempts": 1}, read_timeout=30,
                        request_checksum_calculation="when_required" if "plain" in options else "when_supported",
                        response_checksum_validation="when_required" if "plain" in options else "when_supported")
        session = boto3.session.Session()
        s3 = session.client("s3", endpoint_url=endpoint, config=config, verify=ca)
        WANTED = ["ETag", "ContentLength", "ContentType", "ContentRange", "Metadata", "ContentEncoding", "KeyCount",
                  "IsTruncated", "ChecksumCRC32", "ChecksumSHA256", "CacheControl", "Deleted", "Errors"]

        def step(name, call):
            try:
                answer = call()
            except ClientError as error:
                meta = error.response["ResponseMetadata"]
                print(name, "error", meta["HTTPStatusCode"], error.response["Error"].get("Code"))
                return None
            if isinstance(answer, dict):
                seen = {k: answer[k] for k in WANTED if k in answer}
                seen.get("Metadata", {}).pop("Mtime", None)  # rclone's own: when the object was stored
                seen["status"] = answer["ResponseMetadata"]["HTTPStatusCode"]
                for list_name in ("Contents", "CommonPrefixes", "Parts", "Versions"):
                    if list_name in answer:
                        seen[list_name] = [[e.get("Key"), e.get("Size"), e.get("ETag"), e.get("Prefix")] for e in answer[list_name]]
                if "Body" in answer:
                    seen["md5"] = hashlib.md5(answer["Body"].read()).hexdigest()
                print(name, json.dumps(seen, sort_keys=True, default=str))
            else:
                print(name, answer)
            return answer

        step("create", lambda: s3.create_bucket(Bucket=bucket))
        keys = ["plain", "with space", "plus+sign", "percent%2Fkey", "a//b", "caf\u00e9/\u65e5\u672c", "a=b&c;d,e:f@g!$'()*~", "dir/sub/x"]
        for key in keys:
            body = (key * 1000).encode()
            step("put " + key, lambda: s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"Mixed-Case": "v  w", "n": "1"}, ContentType="text/x"))
            step("get " + key, lambda: s3.get_object(Bucket=bucket, Key=key))
            step("head " + key, lambda: s3.head_object(Bucket=bucket, Key=key))
        step("empty", lambda: s3.put_object(Bucket=bucket, Key="empty", Body=b""))
        step("get empty", lambda: s3.get_object(Bucket=bucket, Key="empty"))
        for r in ("bytes=0-9", "bytes=-5", "bytes=100-", "bytes=99999999-"):
            step("range " + r, lambda: s3.get_object(Bucket=bucket, Key="plain", Range=r))
        etag = s3.head_object(Bucket=bucket, Key="plain")["ETag"]
        step("if-none-match", lambda: s3.get_object(Bucket=bucket, Key="plain", IfNoneMatch=etag))
        step("if-match", lambda: s3.get_object(Bucket=bucket, Key="plain", IfMatch=etag))
        step("if-match wrong", lambda: s3.get_object(Bucket=bucket, Key="plain", IfMatch='"0"'))
        step("no such key", lambda: s3.get_object(Bucket=bucket, Key="missing"))
        step("head no such key", lambda: s3.head_object(Bucket=bucket, Key="missing"))
        step("no such bucket", lambda: s3.list_objects_v2(Bucket=bucket + "-none"))
        step("list v1", lambda: s3.list_objects(Bucket=bucket, Delimiter="/"))
        step("list v2", lambda: s3.list_objects_v2(Bucket=bucket, MaxKeys=3))
        step("list prefix", lambda: s3.list_objects_v2(Bucket=bucket, Prefix="dir/", Delimiter="/"))
        step("copy", lambda: s3.copy_object(Bucket=bucket, Key="copied", CopySource={"Bucket": bucket, "Key": "with space"}))
        step("get copy", lambda: s3.get_object(Bucket=bucket, Key="copied"))
        step("sha256", lambda: s3.put_object(Bucket=bucket, Key="sha", Body=b"abc" * 1000, ChecksumAlgorithm="SHA256"))

        upload = s3.create_multipart_upload(Bucket=bucket, Key="multi")["UploadId"]
        parts = []
        for number in (1, 2):
            body = bytes([number]) * (5 << 20)
            answer = step("part %d" % number, lambda: s3.upload_part(Bucket=bucket, Key="multi", UploadId=upload, PartNumber=number, Body=body))
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        step("parts", lambda: s3.list_parts(Bucket=bucket, Key="multi", UploadId=upload))
        step("complete", lambda: s3.complete_multipart_upload(Bucket=bucket, Key="multi", UploadId=upload, MultipartUpload={"Parts": parts}))
        step("get multi", lambda: s3.get_object(Bucket=bucket, Key="multi"))
        upload = s3.create_multipart_upload(Bucket=bucket, Key="gone")["UploadId"]
        step("abort", lambda: s3.abort_multipart_upload(Bucket=bucket, Key="gone", UploadId=upload))

        def presigned(method, operation, key, data=None):
            url = s3.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": key}, ExpiresIn=300)
            parts = urllib.parse.urlsplit(url)
            connection = http.client.HTTPConnection(parts.netloc) if ca is None else None
            if connection is None: return "skipped"
            connection.request(method, parts.path + "?" + parts.query, body=data)
            answer = connection.getresponse()
            return "%d %s" % (answer.status, hashlib.md5(answer.read()).hexdigest())
        step("presigned get", lambda: presigned("GET", "get_object", "with space"))
        step("presigned put", lambda: presigned("PUT", "put_object", "presigned+put", b"p" * 70000)[:3])
        step("get presigned", lambda: s3.get_object(Bucket=bucket, Key="presigned+put"))

        def chunk_signed(tamper=False):
            # STREAMING-AWS4-HMAC-SHA256-PAYLOAD: each chunk's signature covers the one before it.
            chunks = [b"c" * 70000, b"d" * 65536, b"end", b""]
            size = sum(len(c) for c in chunks)
            coded = sum(len("%x;chunk-signature=" % len(c)) + 64 + 2 + len(c) + 2 for c in chunks)
            credentials = session.get_credentials().get_frozen_credentials()
            request = AWSRequest("PUT", "%s/%s/chunked" % (endpoint, bucket), headers={
                "X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Content-Encoding": "aws-chunked",
                "X-Amz-Decoded-Content-Length": str(size), "Content-Length": str(coded)})
            SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
            headers = dict(request.headers.items())
            date = headers["X-Amz-Date"]
            previous = headers["Authorization"].rsplit("=", 1)[1]
            key = ("AWS4" + credentials.secret_key).encode()
            for part in (date[:8], "us-east-1", "s3", "aws4_request"):
                key = hmac.new(key, part.encode(), hashlib.sha256).digest()
            parts = urllib.parse.urlsplit(endpoint)
            connection = http.client.HTTPConnection(parts.netloc)
            connection.putrequest("PUT", "/%s/chunked" % bucket)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            for chunk in chunks:
                text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", date, "%s/us-east-1/s3/aws4_request" % date[:8], previous,
                                  hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest()])
                previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
                sent = b"x" + chunk[1:] if tamper and chunk else chunk
                connection.send(b"%x;chunk-signature=%s\r\n%s\r\n" % (len(chunk), previous.encode(), sent))
            answer = connection.getresponse()
            answer.read()
            return answer.status
        if "chunked" in options:
            step("tampered chunks", lambda: chunk_signed(tamper=True))
            step("signed chunks", chunk_signed)
            step("get chunks", lambda: s3.get_object(Bucket=bucket, Key="chunked"))
        if "form" in options:
            form = s3.generate_presigned_post(bucket, "from-form", Fields={"x-amz-meta-a": "b"}, Conditions=[{"x-amz-meta-a": "b"}])
            edge = "fairlead-edge"
            body = b"".join(b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (edge.encode(), k.encode(), v.encode()) for k, v in form["fields"].items())
            body += b'--%s\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n%s\r\n--%s--\r\n' % (edge.encode(), b"F" * 200000, edge.encode())
            request = urllib.request.Request(form["url"], body, {"Content-Type": "multipart/form-data; boundary=" + edge})
            step("form", lambda: urllib.request.urlopen(request).status)
            step("get form", lambda: s3.get_object(Bucket=bucket, Key="from-form"))
        wrong = session.client("s3", endpoint_url=endpoint, config=config, verify=ca, aws_secret_access_key="wrong", aws_access_key_id="AKIAFAIRLEADSCRATCH1")
        if "verifies" in options:
            step("wrong secret", lambda: wrong.put_object(Bucket=bucket, Key="never", Body=b"x"))
        everything = [e["Key"] for e in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        step("delete many", lambda: len(s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in everything[:3]]}).get("Deleted", [])))
        for key in everything[3:]:
            step("delete " + key, lambda: s3.delete_object(Bucket=bucket, Key=key))
        step("left", lambda: s3.list_objects_v2(Bucket=bucket))
        step("delete bucket", lambda: s3.delete_bucket(Bucket=bucket))

        """#
}
