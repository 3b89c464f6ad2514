// Real S3 clients in front of the embedded object store, with access keys.

import Foundation
import TestSupport
import Testing

@Suite("Translated S3 and its clients", .serialized, .blocking)
struct TranslatedS3ClientTests {
    @Test("boto3 gets everything that S3 promises, from objects to tampered chunks", arguments: ["everysec", "always"])
    func boto(fsync: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder, fsync: fsync)
        defer { server.stop() }
        let lines = try await server.python(TranslatedS3Program.text)
        #expect(lines.filter { $0.hasPrefix("FAILED") } == [])
        #expect(lines.last == "FAILURES []")
        #expect(lines.filter { $0.hasPrefix("ok ") }.count > 250)
        // Nothing is left of what was deleted, aborted or refused.
        let data = folder.file("data/objects")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data)/buckets") == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data)/temporary") == [])
    }

    // A backend that verifies every signature and checksum, trailers without a signature included, hears the same bytes.
    @Test("through a second gateway, to which this one is a trusted server, boto3 gets the same")
    func throughTrusted() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder)
        defer { server.stop() }
        let front = try Fairlead(["--s3", "127.0.0.1:0=\(server.url)", "--admin", "127.0.0.1:0"])
        let url = "http://127.0.0.1:\(front.port("s3"))"
        let lines = try await server.python(TranslatedS3Program.text, through: url)
        #expect(lines.filter { $0.hasPrefix("FAILED") } == [])
        #expect(lines.last == "FAILURES []")
        #expect(lines.filter { $0.hasPrefix("ok ") }.count > 250)
    }

    /// Over TLS SDKs leave bodies unsigned and put their checksums behind them.
    @Test("with TLS before the translator boto3 and aws do the same, and verify the certificate")
    func tls() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let certificates = try await Certificates.make()
        let server = try TranslatedS3(folder, listener: TranslatedS3.tls(certificates))
        defer { server.stop() }
        let program = """
            import boto3, io, sys, urllib.request, ssl, os
            from boto3.s3.transfer import TransferConfig
            from botocore.config import Config
            from botocore.exceptions import ClientError, SSLError
            endpoint, key, secret, foreign = sys.argv[1:5]
            def client(verify=None, **config):
                return boto3.client("s3", endpoint_url=endpoint, verify=verify, region_name="us-east-1",
                    aws_access_key_id=key, aws_secret_access_key=secret,
                    config=Config(signature_version="s3v4", s3={"addressing_style": "path"},
                                  retries={"total_max_attempts": 1}, **config))
            c = client()
            seen = []
            c.meta.events.register("before-send.s3", lambda request, **_: seen.append(dict(request.headers)))
            c.create_bucket(Bucket="bkt")
            body = os.urandom(3_000_000)
            for algorithm in (None, "CRC32", "SHA1", "SHA256"):
                extra = {"ChecksumAlgorithm": algorithm} if algorithm else {}
                c.put_object(Bucket="bkt", Key="k", Body=io.BytesIO(body), Metadata={"a": "b"}, **extra)
                got = c.get_object(Bucket="bkt", Key="k", ChecksumMode="ENABLED")
                assert got["Body"].read() == body and got["Metadata"] == {"a": "b"}
            assert any(h.get("x-amz-content-sha256", h.get("X-Amz-Content-SHA256")) in
                       (b"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER") for h in seen), seen
            assert c.get_object(Bucket="bkt", Key="k", Range="bytes=10-19")["Body"].read() == body[10:20]
            large = os.urandom(13 << 20)
            c.upload_fileobj(io.BytesIO(large), "bkt", "large", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
            out = io.BytesIO()
            c.download_fileobj("bkt", "large", out)
            assert out.getvalue() == large
            assert [o["Key"] for o in c.list_objects_v2(Bucket="bkt")["Contents"]] == ["k", "large"]
            trust = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
            url = c.generate_presigned_url("get_object", Params={"Bucket": "bkt", "Key": "k"}, ExpiresIn=60)
            assert url.startswith("https://") and urllib.request.urlopen(url, context=trust).read() == body
            try:
                client(verify=foreign).list_buckets()
                raise SystemExit("a foreign certificate was taken")
            except SSLError:
                pass
            print("done")
            """
        let others = try await Certificates.make()
        #expect(
            try await server.python(
                program, [others.authority], through: server.secureURL, trusting: certificates.authority) == ["done"])
        try Data("from the command line".utf8).write(to: URL(fileURLWithPath: folder.file("small")))
        var environment = TranslatedS3.credentials.environment
        environment["AWS_CA_BUNDLE"] = certificates.authority
        func aws(_ arguments: String...) async throws -> String {
            try await Command.check(
                [try Tools.aws, "--endpoint-url", server.secureURL] + arguments, env: environment, timeout: .seconds(60)
            ).text
        }
        _ = try await aws("s3", "cp", folder.file("small"), "s3://bkt/small")
        #expect(try await aws("s3", "cp", "s3://bkt/small", "-") == "from the command line")
        #expect(try await aws("s3", "ls", "s3://bkt").split(separator: "\n").count == 3)
    }

    @Test("a signature for another region is refused where the listener names one, and the right one is told")
    func region() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder, listener: ["region: eu-north-1"])
        defer { server.stop() }
        let program = """
            import boto3, sys, urllib.request, urllib.error
            from botocore.config import Config
            from botocore.exceptions import ClientError
            endpoint, key, secret = sys.argv[1:4]
            def client(region):
                return boto3.client("s3", endpoint_url=endpoint, region_name=region, aws_access_key_id=key,
                    aws_secret_access_key=secret, config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
            def error(call):
                try: return call() and None
                except ClientError as error: return error.response["Error"]
            right, wrong = client("eu-north-1"), client("us-east-1")
            at = lambda region: {"LocationConstraint": region}
            refusal = error(lambda: right.create_bucket(Bucket="bkt", CreateBucketConfiguration=at("eu-west-1")))
            assert refusal["Code"] == "IllegalLocationConstraintException", refusal
            right.create_bucket(Bucket="bkt", CreateBucketConfiguration=at("eu-north-1"))
            assert right.get_bucket_location(Bucket="bkt")["LocationConstraint"] == "eu-north-1"
            assert right.head_bucket(Bucket="bkt")["BucketRegion"] == "eu-north-1"
            refusal = error(wrong.list_buckets)
            assert refusal["Code"] == "AuthorizationHeaderMalformed" and refusal["Region"] == "eu-north-1", refusal
            right.put_object(Bucket="bkt", Key="k", Body=b"v")
            urls = [c.generate_presigned_url("get_object", Params={"Bucket": "bkt", "Key": "k"}) for c in (right, wrong)]
            assert urllib.request.urlopen(urls[0]).read() == b"v"
            try:
                urllib.request.urlopen(urls[1])
                raise SystemExit("a URL for another region was taken")
            except urllib.error.HTTPError as refused:
                text = refused.read()
                assert b"AuthorizationQueryParametersError" in text and b"<Region>eu-north-1</Region>" in text, text
            print("done")
            """
        #expect(try await server.python(program) == ["done"])
    }

    @Test(
        "without access keys a URL of the command line's older signature is taken; with them its client is told of the newer"
    )
    func olderSignature() async throws {
        let program = """
            import boto3, sys, urllib.request, urllib.error
            from botocore.config import Config
            endpoint, key, secret = sys.argv[1:4]
            def client(version):
                return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key,
                    aws_secret_access_key=secret, config=Config(signature_version=version, s3={"addressing_style": "path"}))
            client("s3v4").create_bucket(Bucket="bkt")
            client("s3v4").put_object(Bucket="bkt", Key="k", Body=b"v")
            url = client("s3").generate_presigned_url("get_object", Params={"Bucket": "bkt", "Key": "k"})
            assert "AWSAccessKeyId=" in url and "Expires=" in url, url
            try:
                print(urllib.request.urlopen(url).read().decode())
            except urllib.error.HTTPError as refused:
                print(refused.code, "Please use AWS4-HMAC-SHA256." in refused.read().decode())
            """
        for (signed, answer) in [(false, "v"), (true, "400 True")] {
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let server = try TranslatedS3(folder, signed: signed)
            defer { server.stop() }
            #expect(try await server.python(program) == [answer])
        }
    }

    @Test("the aws command line copies, lists, synchronises and removes")
    func aws() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder)
        defer { server.stop() }
        func aws(_ arguments: String...) async throws -> String {
            let result = try await Command.check(
                [try Tools.aws, "--endpoint-url", server.url] + arguments,
                env: TranslatedS3.credentials.environment, timeout: .seconds(60))
            return result.text
        }
        // Beyond eight MiB the command line uploads in parts.
        let large = [UInt8]((0..<(20 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) })
        try Data(large).write(to: URL(fileURLWithPath: folder.file("large")))
        let tree = try folder.folder("tree")
        for name in ["a", "b c", "d+e"] { try Data(name.utf8).write(to: URL(fileURLWithPath: "\(tree)/\(name)")) }
        _ = try await aws("s3", "mb", "s3://bucket")
        _ = try await aws("s3", "cp", folder.file("large"), "s3://bucket/large")
        _ = try await aws("s3", "cp", "s3://bucket/large", folder.file("back"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("back"))) == Data(large))
        _ = try await aws("s3", "sync", tree, "s3://bucket/tree")
        _ = try await aws("s3", "mv", "s3://bucket/large", "s3://bucket/tree/large")
        let list = try await aws("s3", "ls", "--recursive", "s3://bucket")
        let keys = list.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 3).last ?? "" }
        #expect(keys == ["tree/a", "tree/b c", "tree/d+e", "tree/large"])
        _ = try await aws("s3", "rb", "--force", "s3://bucket")
        #expect(try await aws("s3", "ls") == "")
    }

    @Test("rclone checks what it has copied")
    func rclone() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try TranslatedS3(folder)
        defer { server.stop() }
        let tree = try folder.folder("tree/sub")
        for number in 0..<30 {
            try Data(String(repeating: "\(number)", count: number * 100).utf8).write(
                to: URL(fileURLWithPath: "\(tree)/file \(number)"))
        }
        let keys = TranslatedS3.credentials
        let remote =
            ":s3,provider=Other,endpoint='\(server.url)',access_key_id=\(keys.accessKey),"
            + "secret_access_key=\(keys.secretKey),region=us-east-1:bucket/tree"
        for command in ["copy", "check"] {
            _ = try await Command.check(
                [try Tools.rclone, "--config", "/dev/null", command, folder.file("tree"), remote], timeout: .seconds(60)
            )
        }
    }
}
