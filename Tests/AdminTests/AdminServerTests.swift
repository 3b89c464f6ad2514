// The admin listener over real sockets.

import Glibc
import Logging
import Testing

@testable import Admin

private struct Source: AdminSource {
    var ready = true

    func metrics() async -> String { "# TYPE fairlead_sessions gauge\nfairlead_sessions 3\n" }
    func shadows(asTable: Bool) async -> String { asTable ? "no listener has a shadow\n" : "{\"shadows\": []}\n" }
    func migrations() -> String { "{\"migrations\": []}\n" }
    func orderMigration(of listener: String, _ words: [String]) -> Bool { listener == "cache" && words == ["start"] }
    func keys(asTable: Bool) async -> String { asTable ? "no listener samples keys\n" : "{\"listeners\": []}\n" }
    var readiness: (ready: Bool, reason: String) { (ready, ready ? "" : "draining") }
    func configuration() -> String { "workers: 2\n" }
    func usage() async -> String? { ready ? "{}\n" : nil }
    func resetUsage() async -> Bool { ready }
}

private func server(ready: Bool = true) -> AdminServer {
    AdminServer(source: Source(ready: ready), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

@Suite("The admin listener", .timeLimit(.minutes(1)))
struct AdminServerTests {
    private func ask(_ request: String, ready: Bool = true) async throws -> String {
        let server = server(ready: ready)
        let bound = try await server.start(on: .host("127.0.0.1", port: 0))
        guard case .host(_, let port) = bound else {
            Issue.record("expected a port, got \(bound)")
            return ""
        }
        #expect(port > 0)
        let answer = try await exchange(request, port: port)
        await server.stop()
        return answer
    }

    @Test("metrics come as Prometheus text of version 0.0.4")
    func metrics() async throws {
        let answer = try await ask(get("/metrics?x=1"))
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.lowercased().contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n# TYPE fairlead_sessions gauge\nfairlead_sessions 3\n"))
    }

    @Test("health is told apart from readiness")
    func readiness() async throws {
        #expect(try await ask(get("/healthz"), ready: false).hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(try await ask(get("/readyz")).hasSuffix("\r\n\r\nready\n"))
        let answer = try await ask(get("/readyz"), ready: false)
        #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nnot ready: draining\n"))
    }

    @Test("the configuration comes as YAML")
    func configuration() async throws {
        let answer = try await ask(get("/config"))
        #expect(answer.lowercased().contains("content-type: application/yaml"))
        #expect(answer.hasSuffix("\r\n\r\nworkers: 2\n"))
    }

    @Test("an unknown path gets 404 and the list of paths")
    func unknown() async throws {
        let answer = try await ask(get("/"))
        #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        for path in ["/metrics", "/healthz", "/readyz", "/config"] { #expect(answer.contains("  \(path)  ")) }
    }

    @Test("HEAD gives the length and no body, other methods 405")
    func methods() async throws {
        let head = try await ask(get("/healthz", method: "HEAD"))
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(head.lowercased().contains("content-length: 3\r\n"))
        #expect(head.hasSuffix("\r\n\r\n"))
        let post = try await ask(get("/metrics", method: "DELETE"))
        #expect(post.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
        #expect(post.lowercased().contains("allow: get, head\r\n"))
    }

    @Test("a port that is taken is named with the cause and the remedy")
    func taken() async throws {
        let first = server()
        let bound = try await first.start(on: .host("127.0.0.1", port: 0))
        let second = server()
        let error = await #expect(throws: AdminError.self) { try await second.start(on: bound) }
        #expect(
            error?.description
                == "the admin listener cannot listen on \(bound): Address already in use; free that address, or give another one with the admin key or --admin"
        )
        await second.stop()
        await first.stop()
        let nowhere = server()
        let missing = await #expect(throws: AdminError.self) {
            try await nowhere.start(on: .unix("/nonexistent/admin.sock"))
        }
        #expect(
            missing?.description
                == "the admin listener cannot listen on unix:/nonexistent/admin.sock: No such file or directory; give another one with the admin key or --admin"
        )
        await nowhere.stop()
        let third = server()
        #expect(try await third.start(on: bound) == bound)
        await third.stop()
    }

    @Test("an open connection does not hold up a stop")
    func stopWithOpenConnection() async throws {
        let server = server()
        guard case .host(_, let port) = try await server.start(on: .host("*", port: 0)) else { return }
        let waiting = Task.detached { try await exchange("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", port: port) }
        // The exchange ends only when the server closes the kept-alive connection.
        while try await exchange(get("/healthz"), port: port).isEmpty { await Task.yield() }
        await server.stop()
        _ = try await waiting.value
    }

    @Test("a socket file that a crash left behind is replaced, a living one is not, and a stop removes it")
    func unixSocket() async throws {
        let path = "/tmp/fairlead-admin-\(getpid()).sock"
        let first = server()
        #expect(try await first.start(on: .unix(path)) == .unix(path))
        let second = server()
        await #expect(throws: AdminError.self) { try await second.start(on: .unix(path)) }
        await first.stop()
        #expect(access(path, F_OK) != 0)

        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
        #expect(access(path, F_OK) == 0)
        let third = server()
        #expect(try await third.start(on: .unix(path)) == .unix(path))
        await third.stop()
        #expect(access(path, F_OK) != 0)
    }
}
