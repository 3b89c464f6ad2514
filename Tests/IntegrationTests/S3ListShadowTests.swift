// Lists of buckets beside a scratch bucket, which holds what was written since the shadow began.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("lists of an S3 listener whose shadow has a scratch bucket", .serialized, .blocking)
struct S3ListShadowTests {
    /// Objects in memory that can be listed; one that is wrong leaves out names that end in `hidden`, and keeps those in `kept`.
    private static func store(isWrong: Bool) throws -> S3ScriptedServer {
        let objects = Mutex<[String: String]>([:])
        return try S3ScriptedServer(answering: { request in
            let parts = request.head.split(separator: " ")
            let (method, target) = (String(parts[0]), String(parts[1]))
            return objects.withLock { objects in
                switch method {
                case "PUT":
                    objects[target] = request.text
                    return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                case "DELETE":
                    if !isWrong || !target.hasSuffix("kept") { objects[target] = nil }
                    return "HTTP/1.1 204 No Content\r\n\r\n"
                case "HEAD": return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                default: return S3Text.ok(list(target, objects, isWrong))
                }
            }
        })
    }

    private static func list(_ target: String, _ objects: [String: String], _ isWrong: Bool) -> String {
        let components = URLComponents(string: target)
        func query(_ name: String) -> String? {
            components?.queryItems?.first { $0.name == name }?.value
        }
        let bucket = "\(components?.path ?? "")/"
        let (prefix, start) = (query("prefix") ?? "", query("start-after") ?? query("marker") ?? "")
        let keys = objects.keys.filter { $0.hasPrefix(bucket) }.map {
            String($0.dropFirst(bucket.count))
        }
        .filter { $0.hasPrefix(prefix) && $0 > start && !(isWrong && $0.hasSuffix("hidden")) }.sorted()
        let page = keys.prefix(query("max-keys").flatMap { Int($0) } ?? 1000)
        let contents = page.map {
            "<Contents><Key>\($0)</Key><Size>\(objects[bucket + $0]?.utf8.count ?? 0)</Size></Contents>"
        }
        return
            "<ListBucketResult><Prefix>\(prefix)</Prefix><IsTruncated>\(page.count < keys.count)</IsTruncated>"
            + contents.joined() + "</ListBucketResult>"
    }

    private static func ask(
        _ client: S3RawConnection, _ method: String, _ target: String, _ body: String = ""
    ) throws {
        try client.send(
            "\(method) \(target) HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        #expect(try client.response(to: method).status < 300, "\(method) \(target)")
    }

    private static func gateway(_ primary: S3ScriptedServer, _ candidate: S3ScriptedServer) throws
        -> Fairlead
    {
        try ShadowedS3.gateway(
            "url: \"http://127.0.0.1:\(primary.port)\"", "url: \"http://127.0.0.1:\(candidate.port)\"")
    }

    @Test(
        "what was written since is compared in lists and pages of them, and what was there before is not"
    )
    func same() throws {
        let (primary, candidate) = (try store(), try store())
        let direct = try S3RawConnection(to: primary.port)
        for name in ["a1", "b1", "z"] { try Self.ask(direct, "PUT", "/b/\(name)", "old") }
        let gateway = try Self.gateway(primary, candidate)
        let client = try S3RawConnection(to: gateway.port("s3"))
        try Self.ask(client, "GET", "/b?list-type=2")
        #expect(try ShadowedS3.report(gateway).dropped["partial-copy"] == 1)
        for name in ["a", "b", "c", "d"] { try Self.ask(client, "PUT", "/b/\(name)", name) }
        try Self.ask(client, "DELETE", "/b/d")
        let before = try ShadowedS3.report(gateway).identical
        let lists = [
            "/b?list-type=2", "/b?list-type=2&max-keys=3", "/b", "/b?prefix=b", "/b?marker=a&max-keys=2",
            "/b?list-type=2&start-after=a",
        ]
        for list in lists { try Self.ask(client, "GET", list) }
        let report = try ShadowedS3.report(gateway)
        #expect(report.causes == [] && report.isAccountedFor, "\(report)")
        #expect(report.identical == before + lists.count, "\(report)")
        #expect(candidate.received.contains { $0.contains("GET /scratch?") && $0.contains("b%2Fa") })
    }

    private func store() throws -> S3ScriptedServer { try Self.store(isWrong: false) }

    @Test(
        "a key that the candidate does not list, or lists no more, is found",
        arguments: ["hidden", "kept"])
    func planted(name: String) throws {
        let (primary, candidate) = (try store(), try Self.store(isWrong: true))
        let gateway = try Self.gateway(primary, candidate)
        let client = try S3RawConnection(to: gateway.port("s3"))
        for name in ["a", name] { try Self.ask(client, "PUT", "/b/\(name)", "x") }
        if name == "kept" { try Self.ask(client, "DELETE", "/b/kept") }
        try Self.ask(client, "GET", "/b?list-type=2")
        let report = try ShadowedS3.report(gateway)
        #expect(report.causes == ["ListObjectsV2 document"] && report.isAccountedFor, "\(report)")
        #expect(try !gateway.get("/shadow").body.contains(name))
    }

    @Test("what cannot be compared is counted by its own reason")
    func apart() throws {
        let gateway = try Self.gateway(try store(), try store())
        let client = try S3RawConnection(to: gateway.port("s3"))
        try Self.ask(client, "PUT", "/b/a", "x")
        for (method, target, reason) in [
            ("GET", "/b?list-type=2&continuation-token=x", "partial-copy"), ("GET", "/", "partial-copy"),
            ("HEAD", "/b", "partial-copy"), ("GET", "/c?list-type=2", "partial-copy"),
            ("GET", "/b/a?versionId=1", "version"),
        ] {
            let before = try ShadowedS3.report(gateway).dropped[reason] ?? 0
            try Self.ask(client, method, target)
            let report = try ShadowedS3.report(gateway)
            #expect(report.dropped[reason] == before + 1 && report.isAccountedFor, "\(target) \(report)")
        }
        #expect(try gateway.get("/shadow.txt").body.contains("4 partial-copy"))
    }
}
