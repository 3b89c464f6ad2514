// A gateway whose listener has a shadow, and a candidate that answers wrongly where it is told to.

import Foundation
import Synchronization
import TestSupport

/// A primary, a candidate, and a gateway that leads to the one and compares it with the other.
final class ShadowedRedis: Sendable {
    let primary: RedisServer
    let gateway: Fairlead

    /// `shadow` are the settings of the shadow beside its backend, `candidate` the backend's own.
    init(
        candidate: String, shadow: String = "writes: [\"p:\"]", mode: String = "session", workers: Int = 2,
        listener: [String] = []
    ) throws {
        primary = try RedisServer()
        let lines =
            [
                "admin: 127.0.0.1:0", "workers: \(workers)", "listeners:", "  redis:", "    protocol: redis",
                "    listen: 127.0.0.1:0", "    backend: main",
                "    shadow: { backend: new\(shadow.isEmpty ? "" : ", ")\(shadow) }",
            ] + listener.map { "    \($0)" } + [
                "backends:", "  main: { url: \"redis://127.0.0.1:\(primary.port)\", mode: \(mode) }",
                "  new: { \(candidate) }",
            ]
        gateway = try Fairlead(yaml: lines.joined(separator: "\n") + "\n")
    }

    /// The report once nothing waits for the candidate or is looked at any more.
    func report() throws -> ShadowFindings {
        try gateway.settles("a shadow at rest") { $0.sum("fairlead_shadow_waiting") == 0 }
        return try ShadowFindings(gateway.get("/shadow").body)
    }

    func connect() throws -> RawConnection { try gateway.connect() }
}

/// What the admin listener tells of one shadow.
struct ShadowFindings: Decodable {
    struct Difference: Decodable {
        var feature, command, kind, first, last, example, place, primary, candidate: String
        var count: Int
    }

    struct Feature: Decodable, Equatable {
        var feature: String
        var identical, differing: Int
    }

    private struct Answer: Decodable { var shadows: [ShadowFindings] }

    var listener, candidate, verdict: String
    var route: String?
    var seen, sent, compared, identical, differing: Int
    var dropped: [String: Int]
    var features: [Feature]
    var differences: [Difference]

    init(_ body: String) throws {
        guard let only = try Self.all(body).first else { throw SupportError("no shadow in \(body)") }
        self = only
    }

    static func all(_ body: String) throws -> [ShadowFindings] {
        try JSONDecoder().decode(Answer.self, from: Data(body.utf8)).shadows
    }

    /// `command kind`, in order.
    var causes: [String] { differences.map { "\($0.command) \($0.kind)" }.sorted() }

    /// Whether all that was seen was compared, or is told why not.
    var isAccountedFor: Bool { seen == compared + dropped.values.reduce(0, +) }
}

/// A server of the protocol that passes commands on to a real one and may change its replies.
final class WrongRedis: Sendable {
    let server: RedisServer
    private let front: ScriptedServer
    var port: Int { front.port }

    /// `change` gets the words of a command and the reply that is right, both as on the wire.
    init(_ server: RedisServer? = nil, _ change: @escaping @Sendable ([String], String) -> String) throws {
        let server = try server ?? RedisServer()
        self.server = server
        front = try ScriptedServer { connection, _ in
            let backend = try RawConnection(port: server.port)
            while true {
                let count = Int(try connection.readLine().dropFirst()) ?? 0
                var words: [String] = []
                for _ in 0..<count {
                    let length = Int(try connection.readLine().dropFirst()) ?? 0
                    words.append(String(decoding: try connection.read(length + 2).dropLast(2), as: UTF8.self))
                }
                try backend.send(RawConnection.command(words))
                try connection.send(change(words, try backend.reply()))
            }
        }
    }

    deinit { front.stop() }
}
