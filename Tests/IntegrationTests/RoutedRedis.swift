// A gateway in front of three Redis servers, with routes between them.

import Foundation
import RedisWire
import TestSupport

/// Three servers, `main`, `alpha` and `beta`, and a gateway whose listener `redis` has routes to them.
final class RoutedRedis: Sendable {
    let main: RedisServer
    let alpha: RedisServer
    let beta: RedisServer
    let gateway: Fairlead

    static let routes = [
        "{ prefix: \"a:\", backend: alpha }", "{ prefix: \"a:deep:\", backend: main }",
        "{ prefix: \"b:\", backend: beta }", "{ database: 3, backend: beta }",
    ]

    /// `listener` are further lines of the listener, `login` what every backend has beside its URL.
    init(
        _ routes: [String] = RoutedRedis.routes, listener: [String] = [], servers: RedisServer.Options = .init(),
        login: String = "", mode: String = "shared"
    ) throws {
        main = try RedisServer(servers)
        alpha = try RedisServer(servers)
        beta = try RedisServer(servers)
        let backends = [("main", main), ("alpha", alpha), ("beta", beta)].map { name, server in
            "  \(name): { url: \"redis://127.0.0.1:\(server.port)\", mode: \(mode)\(login) }"
        }
        let lines =
            [
                "admin: 127.0.0.1:0", "workers: 1", "listeners:", "  redis:", "    protocol: redis",
                "    listen: 127.0.0.1:0", "    backend: main",
            ] + listener.map { "    \($0)" } + (routes.isEmpty ? [] : ["    routes:"])
            + routes.map { "      - \($0)" } + ["backends:"] + backends
        gateway = try Fairlead(yaml: lines.joined(separator: "\n") + "\n")
    }

    /// A client of the server itself.
    func direct(_ server: RedisServer) throws -> RawConnection { try RawConnection(port: server.port) }

    /// Sends `commands` at once; their replies in order.
    static func pipeline(_ client: RawConnection, _ commands: [[String]]) throws -> [String] {
        try client.send(commands.flatMap { RawConnection.command($0) })
        return try commands.map { _ in try client.reply() }
    }
}
