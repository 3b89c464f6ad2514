// What the shadow of an S3 listener finds, what it does not, and that no client ever notices it.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("an S3 listener with a shadow", .serialized, .blocking)
struct S3ShadowTests {
    private static func ok(_ body: String, _ fields: String = "", status: String = "200 OK") -> String {
        "HTTP/1.1 \(status)\r\nDate: \(Date())\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func list(_ keys: [String]) -> String {
        ok(
            "<ListBucketResult>" + keys.map { "<Contents><Key>\($0)</Key><Size>3</Size></Contents>" }.joined()
                + "</ListBucketResult>", "Content-Type: application/xml\r\n")
    }

    private static func buckets(_ names: [String]) -> String {
        ok(
            "<ListAllMyBucketsResult><Buckets>" + names.map { "<Bucket><Name>\($0)</Name></Bucket>" }.joined()
                + "</Buckets></ListAllMyBucketsResult>", "Content-Type: application/xml\r\n")
    }

    private static func failure(_ code: String) -> String {
        ok("<Error><Code>\(code)</Code></Error>", status: "404 Not Found")
    }

    /// What the right server answers to a path, and what the wrong one does, with the cause that is to be found.
    private static let answers: [(path: String, right: String, wrong: String, cause: String)] = [
        ("/b/status", ok("canary"), failure("NoSuchKey"), "GetObject status"),
        ("/b/code", failure("NoSuchKey"), failure("NoSuchBucket"), "GetObject error-code"),
        ("/b/etag", ok("", "ETag: canary\r\n"), ok("", "ETag: canarY\r\n"), "GetObject header"),
        ("/b/body", ok("canary"), ok("canarY"), "GetObject body"),
        ("/b/length", ok("canary"), ok("canar"), "GetObject length"),
        (
            "/b/tags?tagging", ok("<Tagging><T>canary</T></Tagging>"), ok("<Tagging><T>x</T></Tagging>"),
            "GetObjectTagging document"
        ),
        ("/b?list-type=2", list(["canary", "b"]), list(["canary"]), "ListObjectsV2 document"),
        ("/b", list(["canary", "b"]), list(["b", "canary"]), "ListObjects document"),
        (
            "/b?location", ok("<LocationConstraint>a</LocationConstraint>"),
            ok("", status: "500 Internal Server Error"),
            "GetBucketLocation status"
        ),
        ("/", buckets(["canary", "b"]), buckets(["b"]), "ListBuckets document"),
    ]

    static func server(isWrong: Bool) throws -> S3ScriptedServer {
        try S3ScriptedServer(answering: { request in
            let parts = request.head.split(separator: " ")
            let path = String(parts[1])
            guard let answer = answers.first(where: { $0.path == path }), parts[0] == "GET" else { return ok("same") }
            return isWrong ? answer.wrong : answer.right
        })
    }

    static func gateway(_ primary: Int, _ candidate: Int, _ shadow: String = "") throws -> Fairlead {
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 2
                listeners:
                  s3: { protocol: s3, listen: 127.0.0.1:0, backend: blobs, shadow: { backend: new\(shadow) } }
                backends:
                  blobs: { url: "http://127.0.0.1:\(primary)" }
                  new: { url: "http://127.0.0.1:\(candidate)" }
                """)
    }

    static func report(_ gateway: Fairlead) throws -> ShadowFindings {
        try gateway.settles("a shadow at rest") { $0.sum("fairlead_shadow_waiting") == 0 }
        return try ShadowFindings(gateway.get("/shadow").body)
    }

    static func ask(_ client: S3RawConnection, _ target: String, _ method: String = "GET") throws
        -> S3RawMessage
    {
        try client.send("\(method) \(target) HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        return try client.receiveMessage(hasBody: method != "HEAD")
    }

    @Test("finds every planted difference with its cause, and no other")
    func planted() throws {
        let (primary, candidate) = (try Self.server(isWrong: false), try Self.server(isWrong: true))
        let gateway = try Self.gateway(primary.port, candidate.port)
        let client = try S3RawConnection(to: gateway.port("s3"))
        for answer in Self.answers {
            _ = try Self.ask(client, answer.path)
            #expect(try Self.ask(client, "/b/same").text == "same")
        }
        let report = try Self.report(gateway)
        #expect(report.causes == Self.answers.map(\.cause).sorted())
        #expect(report.isAccountedFor && report.differences.allSatisfy { $0.count == 1 }, "\(report)")
        let body = try gateway.get("/shadow").body
        for secret in ["canary", "/b", "list-type"] { #expect(!body.contains(secret)) }
    }

    @Test("an identical candidate gives no alarm under many clients, and writes make doubtful what they name")
    func identical() throws {
        let (primary, candidate) = (try Self.server(isWrong: false), try Self.server(isWrong: false))
        let gateway = try Self.gateway(primary.port, candidate.port)
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { number in
            do {
                let client = try S3RawConnection(to: gateway.port("s3"))
                for round in 0..<60 {
                    let answer = Self.answers[(number + round) % Self.answers.count]
                    guard try Self.ask(client, answer.path).body.count > 0 || answer.path.contains("etag") else {
                        throw SupportError("an empty answer")
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        var report = try Self.report(gateway)
        #expect(report.verdict == "identical" && report.isAccountedFor, "\(report)")
        #expect(report.compared > 100)
        let before = report.identical
        let client = try S3RawConnection(to: gateway.port("s3"))
        #expect(try Self.ask(client, "/b/new", "PUT").status == 200)
        for path in ["/b/new", "/b?list-type=2", "/b/body"] { #expect(try Self.ask(client, path).status == 200) }
        #expect(try Self.ask(client, "/b/body", "HEAD").status == 200)
        report = try Self.report(gateway)
        #expect(report.identical == before + 2 && report.dropped["stale"] == 2 && report.dropped["not-opted"] == 1)
        #expect(report.isAccountedFor, "\(report)")
        // Several objects in one request may be any.
        #expect(try Self.ask(client, "/b?delete", "POST").status == 200)
        #expect(try Self.ask(client, "/b/body").status == 200)
        #expect(try Self.report(gateway).dropped["stale"] == 3)
    }
}
