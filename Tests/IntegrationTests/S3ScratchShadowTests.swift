// What the shadow of an S3 listener finds when objects are written to a scratch bucket of the candidate's as well.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("an S3 listener whose shadow has a scratch bucket", .serialized, .blocking)
struct S3ScratchShadowTests {
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
        let gateway = try ShadowedS3.gateway(
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
        var report = try ShadowedS3.report(gateway)
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
        report = try ShadowedS3.report(gateway)
        #expect(report.identical == before + 2, "\(report)")
        #expect(candidate.received.contains { $0.contains("PUT /scratch/b/gone HTTP/1.1") })
    }

    @Test("writes that do not get there make their objects doubtful, and are counted")
    func unsent() throws {
        let (primary, candidate) = (try Self.store(isWrong: false), try Self.store(isWrong: false))
        let gateway = try ShadowedS3.gateway(
            "url: \"http://127.0.0.1:\(primary.port)\"", "url: \"http://127.0.0.1:\(candidate.port)\"",
            ", writes: [\"b/in/\"]")
        let client = try S3RawConnection(to: gateway.port("s3"))
        func reads(_ path: String, _ reason: String) throws {
            let before = try ShadowedS3.report(gateway).dropped[reason] ?? 0
            #expect(try Self.ask(client, "GET", path).status < 500)
            #expect(try ShadowedS3.report(gateway).dropped[reason] == before + 1, "\(path)")
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
        let report = try ShadowedS3.report(gateway)
        #expect(report.causes == [] && report.identical == 4 && report.isAccountedFor, "\(report)")
        #expect(report.dropped["not-opted"] == 1 && report.dropped["not-whole"] == 1, "\(report)")
        // The spelling of a name is not the name.
        #expect(try Self.ask(client, "PUT", "/b/in/%7Ea", "t").status == 200)
        #expect(try ShadowedS3.report(gateway).identical == 5)
        #expect(try Self.ask(client, "POST", "/b?delete", "<Delete><Object>").status == 200)
        try reads("/b/in/a", "stale")
    }

    @Test("a bucket in the host is the same as one in the path; lists and versions are counted")
    func hosts() throws {
        let (primary, candidate) = (try Self.store(isWrong: false), try Self.store(isWrong: true))
        let gateway = try ShadowedS3.gateway(
            "url: \"http://127.0.0.1:\(primary.port)\"", "url: \"http://127.0.0.1:\(candidate.port)\"",
            ", writes: [photos/]", listener: "    domains: [s3.example.com]")
        let client = try S3RawConnection(to: gateway.port("s3"))
        func ask(_ method: String, _ host: String, _ target: String, _ body: String = "") throws -> Int {
            try client.send(
                "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            return try client.response(to: method).status
        }
        let host = "Photos.s3.example.com:80"
        #expect(try ask("PUT", host, "/a/one", "abc") == 200 && ask("GET", host, "/a/one") == 200)
        #expect(try ask("PUT", host, "/body", "abc") == 200 && ask("GET", host, "/body") == 200)
        // The same path in another bucket is another object, and one that is not opted.
        #expect(try ask("PUT", "videos.s3.example.com", "/two", "x") == 200)
        #expect(try ask("POST", host, "/?delete", "<Delete><Object><Key>a/one</Key></Object></Delete>") == 200)
        var report = try ShadowedS3.report(gateway)
        #expect(report.causes == ["GetObject body"] && report.isAccountedFor, "\(report)")
        #expect(report.identical == 4 && report.dropped["not-opted"] == 1, "\(report)")
        for line in ["PUT /scratch/photos/a/one ", "GET /scratch/photos/a/one ", "POST /scratch?delete"] {
            #expect(candidate.received.contains { $0.contains(line) }, "\(line)")
        }
        #expect(candidate.received.contains { $0.contains("<Key>photos/a/one</Key>") })
        // In the path as before.
        #expect(try ask("PUT", "s3.example.com", "/photos/b", "abc") == 200)
        #expect(candidate.received.count { $0.contains("two") } == 0)
        for (target, reason) in [
            ("/?list-type=2", "partial-copy"), ("/", "partial-copy"), ("/b?versionId=1", "version"),
            ("/?versions", "incomparable"),
        ] {
            let before = try ShadowedS3.report(gateway).dropped[reason] ?? 0
            _ = try ask("GET", host, target)
            report = try ShadowedS3.report(gateway)
            #expect(report.dropped[reason] == before + 1 && report.isAccountedFor, "\(target) \(report)")
        }
    }

    // MARK: Real servers

    @Test("a second rclone gives no alarm under clients that write at once")
    func rclone() async throws {
        let primary = try await RcloneS3Server.start()
        let secret = S3Credentials(accessKey: "AKIASHADOW", secretKey: "anotherSecretOfNoValue")
        let candidate = try await RcloneS3Server.start(credentials: secret)
        _ = try candidate.folder.folder("objects/scratch")
        let gateway = try ShadowedS3.gateway(
            "url: \"\(primary.url)\"",
            "url: \"\(candidate.url)\", login: { user: \(secret.accessKey), password: \(secret.secretKey) }")
        let report = try await ShadowedS3.play(gateway, primary.credentials)
        ShadowedS3.expectNoAlarm(report)
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
        let gateway = try ShadowedS3.gateway(
            store("one"), store("two"),
            listener: "    access-keys: { \(keys.accessKey): \(keys.secretKey) }\n"
                + "  other: { protocol: s3, listen: 127.0.0.1:0, backend: new }")
        let made = try S3RawConnection(to: gateway.port("other"))
        #expect(try Self.ask(made, "PUT", "/scratch").status == 200)
        ShadowedS3.expectNoAlarm(try await ShadowedS3.play(gateway, keys))
        #expect(try gateway.metrics().sum("fairlead_failures_total", "listener=\"s3\"") == 0)
    }
}
