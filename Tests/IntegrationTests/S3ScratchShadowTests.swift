// What the shadow of an S3 listener finds when objects are written to a scratch bucket of the candidate's as well.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("an S3 listener whose shadow has a scratch bucket", .serialized, .blocking)
struct S3ScratchShadowTests {
    private static func gateway(
        _ primary: String, _ candidate: String, _ shadow: String = "", listener: String = ""
    ) throws -> Fairlead {
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 2
                listeners:
                  s3:
                    protocol: s3
                    listen: 127.0.0.1:0
                    backend: blobs
                    shadow: { backend: new, scratch-bucket: scratch\(shadow) }
                \(listener)
                backends:
                  blobs: { \(primary) }
                  new: { \(candidate) }
                """)
    }

    private static func report(_ gateway: Fairlead) throws -> ShadowFindings {
        try gateway.settles("a shadow at rest") { $0.sum("fairlead_shadow_waiting") == 0 }
        return try ShadowFindings(gateway.get("/shadow").body)
    }

    // MARK: Planted differences

    /// Objects in memory by their paths; what it does wrongly is named by words in the paths.
    private static func store(isWrong: Bool) throws -> S3ScriptedServer {
        let objects = Mutex<[String: String]>([:])
        return try S3ScriptedServer(answering: { request in
            let parts = request.head.split(separator: " ")
            let (method, path) = (String(parts[0]), String(parts[1]))
            func isBad(_ word: String) -> Bool { isWrong && path.hasSuffix(word) }
            return objects.withLock { objects in
                switch method {
                case "PUT":
                    let source = request.head.components(separatedBy: "\r\n").first {
                        $0.lowercased().hasPrefix("x-amz-copy-source:")
                    }
                    if let source {
                        let key = source.dropFirst(18).trimmingCharacters(in: .whitespaces)
                        objects[path] = objects[key.hasPrefix("/") ? key : "/" + key]
                        return S3Text.ok(
                            "<CopyObjectResult><ETag>\(isBad("copy") ? "x" : "e")</ETag></CopyObjectResult>")
                    }
                    objects[path] = isBad("body") ? request.text.uppercased() : request.text
                    let tag = isBad("tag") ? "wrong" : "right"
                    return "HTTP/1.1 200 OK\r\nETag: \(tag)\r\nContent-Length: 0\r\n\r\n"
                case "DELETE":
                    if !isBad("kept") { objects[path] = nil }
                    return "HTTP/1.1 204 No Content\r\n\r\n"
                case "POST":
                    let keys = request.text.components(separatedBy: "<Key>").dropFirst().compactMap {
                        $0.components(separatedBy: "<").first
                    }
                    let bucket = path.prefix { $0 != "?" }
                    for key in keys where !(isWrong && key.hasSuffix("left")) { objects["\(bucket)/\(key)"] = nil }
                    let told = keys.filter { !(isWrong && $0.hasSuffix("untold")) }
                    return S3Text.ok(
                        "<DeleteResult>" + told.map { "<Deleted><Key>\($0)</Key></Deleted>" }.joined()
                            + "</DeleteResult>")
                default:
                    guard let object = objects[path] else {
                        let error = "<Error><Code>NoSuchKey</Code></Error>"
                        return S3Text.ok(error).replacing("200 OK", with: "404 Not Found")
                    }
                    return S3Text.ok(object)
                }
            }
        })
    }

    private static func ask(
        _ client: S3RawConnection, _ method: String, _ target: String, _ body: String = "", _ more: String = ""
    ) throws -> S3RawMessage {
        try client.send(
            "\(method) \(target) HTTP/1.1\r\nHost: h\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try client.response(to: method)
    }

    @Test("finds what was written wrongly at the candidate, and no more")
    func planted() throws {
        let (primary, candidate) = (try Self.store(isWrong: false), try Self.store(isWrong: true))
        let gateway = try Self.gateway(
            "url: \"http://127.0.0.1:\(primary.port)\"", "url: \"http://127.0.0.1:\(candidate.port)\"")
        let client = try S3RawConnection(to: gateway.port("s3"))
        for name in ["fine", "body", "tag", "kept", "left", "untold"] {
            #expect(try Self.ask(client, "PUT", "/b/\(name)", "abc").status == 200)
            #expect(try Self.ask(client, "GET", "/b/\(name)").text == "abc")
        }
        let source = "x-amz-copy-source: /b/fine\r\n"
        for name in ["copy", "twin"] { #expect(try Self.ask(client, "PUT", "/b/\(name)", "", source).status == 200) }
        for name in ["kept", "fine"] { #expect(try Self.ask(client, "DELETE", "/b/\(name)").status == 204) }
        let list = ["left", "untold", "gone"].map { "<Object><Key>\($0)</Key></Object>" }.joined()
        #expect(try Self.ask(client, "POST", "/b?delete", "<Delete>\(list)</Delete>").status == 200)
        for name in ["fine", "kept", "left", "gone"] {
            #expect(try Self.ask(client, "GET", "/b/\(name)").status == 404)
        }
        #expect(try Self.ask(client, "GET", "/b/twin").text == "abc")
        var report = try Self.report(gateway)
        let wrong = [
            "CopyObject body", "DeleteObjects length", "GetObject body", "GetObject status", "PutObject header",
        ]
        #expect(report.causes == wrong, "\(report)")
        #expect(report.isAccountedFor, "\(report)")
        // Reading is not compared where a write was found to differ.
        #expect((report.dropped["stale"] ?? 0) >= 1, "\(report)")
        let body = try gateway.get("/shadow").body
        for secret in ["/b", "kept", "abc"] { #expect(!body.contains(secret)) }
        let before = report.identical
        #expect(try Self.ask(client, "PUT", "/b/gone", "anew").status == 200)
        #expect(try Self.ask(client, "GET", "/b/gone").text == "anew")
        report = try Self.report(gateway)
        #expect(report.identical == before + 2, "\(report)")
        #expect(candidate.received.contains { $0.contains("PUT /scratch/b/gone HTTP/1.1") })
    }

    @Test("writes that do not get there make their objects doubtful, and are counted")
    func unsent() throws {
        let (primary, candidate) = (try Self.store(isWrong: false), try Self.store(isWrong: false))
        let gateway = try Self.gateway(
            "url: \"http://127.0.0.1:\(primary.port)\"", "url: \"http://127.0.0.1:\(candidate.port)\"",
            ", writes: [\"b/in/\"]")
        let client = try S3RawConnection(to: gateway.port("s3"))
        func reads(_ path: String, _ reason: String) throws {
            let before = try Self.report(gateway).dropped[reason] ?? 0
            #expect(try Self.ask(client, "GET", path).status < 500)
            #expect(try Self.report(gateway).dropped[reason] == before + 1, "\(path)")
        }
        try reads("/b/in/new", "stale")
        #expect(try Self.ask(client, "PUT", "/b/out", "x").status == 200)
        try reads("/b/out", "stale")
        for size in [9_000_000, 3] {
            #expect(try Self.ask(client, "PUT", "/b/in/a", String(repeating: "x", count: size)).status == 200)
            if size > 3 { try reads("/b/in/a", "stale") }
        }
        #expect(try Self.ask(client, "GET", "/b/in/a").text == "xxx")
        // What it is copied from is not at the candidate.
        #expect(try Self.ask(client, "PUT", "/b/in/c", "", "x-amz-copy-source: b/out\r\n").status == 200)
        try reads("/b/in/c", "stale")
        #expect(try Self.ask(client, "PUT", "/b/in/c", "", "x-amz-copy-source: b/in/a\r\n").status == 200)
        #expect(try Self.ask(client, "GET", "/b/in/c").text == "xxx")
        let report = try Self.report(gateway)
        #expect(report.causes == [] && report.identical == 4 && report.isAccountedFor, "\(report)")
        #expect(report.dropped["not-opted"] == 1 && report.dropped["not-whole"] == 1, "\(report)")
        // The spelling of a name is not the name.
        #expect(try Self.ask(client, "PUT", "/b/in/%7Ea", "t").status == 200)
        #expect(try Self.report(gateway).identical == 5)
        #expect(try Self.ask(client, "POST", "/b?delete", "<Delete><Object>").status == 200)
        try reads("/b/in/a", "stale")
    }

    // MARK: Real servers

    /// Threads that write, read, copy and delete objects of their own, and some of all; the end of each is read again.
    private static let program = #"""
        import boto3, random, sys, threading
        from botocore.config import Config
        from botocore.exceptions import ClientError

        endpoint, rounds = sys.argv[1], int(sys.argv[2])
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, max_pool_connections=1,
                        response_checksum_validation="when_required")
        session = boto3.session.Session()
        failures = []

        def play(number):
            s3 = session.client("s3", endpoint_url=endpoint, config=config)
            def key(): return f"{random.choice(['all', number, number, number])}/k {random.randrange(4)}+é"
            def body(): return random.randbytes(random.choice([0, 1, 700, 60000, 90000]))
            def upload(parts):
                name = key()
                id = s3.create_multipart_upload(Bucket="photos", Key=name)["UploadId"]
                done = [{"PartNumber": n, "ETag": s3.upload_part(Bucket="photos", Key=name, UploadId=id, PartNumber=n, Body=p)["ETag"]}
                        for n, p in enumerate(parts, 1)]
                s3.complete_multipart_upload(Bucket="photos", Key=name, UploadId=id, MultipartUpload={"Parts": done})
                s3.get_object(Bucket="photos", Key=name, Range="bytes=0-99")["Body"].read()
            for round in range(rounds):
                choice = random.randrange(10)
                try:
                    if choice < 3: s3.put_object(Bucket="photos", Key=key(), Body=body(), Metadata={"n": str(round)}, ContentType="text/x")
                    elif choice < 6: s3.get_object(Bucket="photos", Key=key())["Body"].read()
                    elif choice == 6: s3.head_object(Bucket="photos", Key=key())
                    elif choice == 7: s3.copy_object(Bucket="photos", Key=key(), CopySource={"Bucket": "photos", "Key": key()})
                    elif choice == 8: s3.delete_object(Bucket="photos", Key=key())
                    elif round % 3: upload([body() + b"."])
                    else: s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": key()} for _ in range(3)]})
                except ClientError as error:
                    if error.response["Error"]["Code"] not in ("NoSuchKey", "404", "InvalidRequest", "InternalError", "NoSuchUpload"): failures.append(str(error))
                except Exception as error:
                    # rclone breaks off the answer where an object is written anew while it is read.
                    if "broken" not in str(error) and "not satisf" not in str(error): failures.append(repr(error))
            if number == 0:
                upload([b"x" * (5 << 20), b"y"])
            for n in range(4):
                s3.put_object(Bucket="photos", Key=f"{number}/k {n}+é", Body=str(n).encode())
                if s3.get_object(Bucket="photos", Key=f"{number}/k {n}+é")["Body"].read() != str(n).encode(): failures.append("content")

        boto3.client("s3", endpoint_url=endpoint, config=config).create_bucket(Bucket="photos")
        threads = [threading.Thread(target=play, args=(n,)) for n in range(6)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        if failures: sys.exit("\n".join(failures[:5]))
        """#

    private static func play(_ gateway: Fairlead, _ credentials: S3Credentials) async throws -> ShadowFindings {
        let folder = try TemporaryFolder()
        _ = try await Command.check(
            [
                try Tools.python, try folder.write("main.py", program),
                "http://127.0.0.1:\(gateway.port("s3"))", "60",
            ], env: credentials.environment, timeout: .seconds(240))
        return try await blocking { try report(gateway) }
    }

    private static func expectNoAlarm(_ report: ShadowFindings) {
        #expect(report.causes == [], "\(report.differences)")
        #expect(report.isAccountedFor, "\(report)")
        let operations = [
            "PutObject", "GetObject", "HeadObject", "CopyObject", "DeleteObject", "DeleteObjects",
            "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload",
        ]
        for operation in operations {
            let feature = report.features.first { $0.feature == "s3.operation.\(operation)" }
            #expect((feature?.identical ?? 0) > 0, "\(operation) \(report.features)")
        }
        #expect(report.compared > 150, "\(report)")
    }

    @Test("a second rclone gives no alarm under clients that write at once")
    func rclone() async throws {
        let primary = try await RcloneS3Server.start()
        let secret = S3Credentials(accessKey: "AKIASHADOW", secretKey: "anotherSecretOfNoValue")
        let candidate = try await RcloneS3Server.start(credentials: secret)
        _ = try candidate.folder.folder("objects/scratch")
        let gateway = try Self.gateway(
            "url: \"\(primary.url)\"",
            "url: \"\(candidate.url)\", login: { user: \(secret.accessKey), password: \(secret.secretKey) }")
        let report = try await Self.play(gateway, primary.credentials)
        Self.expectNoAlarm(report)
        let own = try FileManager.default.contentsOfDirectory(atPath: candidate.folder.file("objects"))
        #expect(own == ["scratch"])
        let last = try String(contentsOfFile: candidate.folder.file("objects/scratch/photos/3/k 2+é"), encoding: .utf8)
        #expect(last == "2")
    }

    @Test("a second embedded store gives no alarm under clients that write at once")
    func embedded() async throws {
        let folder = try TemporaryFolder()
        func store(_ name: String) -> String {
            "adapter: embedded, conformance: unverified, options: { folder: \"\(folder.file(name))\" }"
        }
        let keys = TranslatedS3.credentials
        let gateway = try Self.gateway(
            store("one"), store("two"),
            listener: "    access-keys: { \(keys.accessKey): \(keys.secretKey) }\n"
                + "  other: { protocol: s3, listen: 127.0.0.1:0, backend: new }")
        let made = try S3RawConnection(to: gateway.port("other"))
        #expect(try Self.ask(made, "PUT", "/scratch").status == 200)
        Self.expectNoAlarm(try await Self.play(gateway, keys))
        #expect(try gateway.metrics().sum("fairlead_failures_total", "listener=\"s3\"") == 0)
    }
}
