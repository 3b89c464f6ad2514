// A gateway whose data moves, with clients that keep writing and know what they were promised.

import Foundation
import TestSupport

/// A listener `redis` in front of `source`, with everything ready to move to `target`.
final class MovingRedis: Moving, Sendable {
    let source: RedisServer
    let folder: TemporaryFolder
    private let port: Int
    let gateway: MovingGateway

    /// - Parameters:
    ///   - target: the lines of the target's section, in one mapping.
    ///   - from: the source; nil for a new one.
    ///   - front: where the gateway finds it, if not there.
    init(to target: String, mode: String = "session", from: RedisServer? = nil, at front: Int? = nil) throws {
        let source = try from ?? RedisServer(.init(arguments: ["--enable-debug-command", "yes"]))
        self.source = source
        folder = try TemporaryFolder()
        port = try FreePort.take()
        gateway = try MovingGateway(
            "redis",
            """
            listeners:
              redis:
                protocol: redis
                listen: 127.0.0.1:\(port)
                backend: old
                migrate: { to: new, state: "\(folder.file("move.json"))" }
            backends:
              old: { url: "redis://127.0.0.1:\(front ?? source.port)", mode: \(mode) }
              new: { \(target) }

            """)
    }

    func connect() throws -> RawConnection { try RawConnection(port: port) }
    func direct() throws -> RawConnection { try RawConnection(port: source.port) }
}

/// A client that writes keys of its own and remembers what the server has answered.
final class MovingWriter: Sendable {
    private let book = WrittenBook<String>()
    private let thread: WritingThread
    let name: String

    /// Begins to write with connections that `connect` makes, as soon as there is one.
    ///
    /// - Parameter transactions: whether some writes are transactions.
    init(
        _ name: String, keys: Int, transactions: Bool = true,
        _ connect: @escaping @Sendable () throws -> RawConnection
    ) {
        self.name = name
        let book = book
        thread = WritingThread(
            book, connect, close: { $0.close() },
            write: { connection, touched, random in
                let key = "\(name):\(Int.random(in: 0..<keys, using: &random))"
                touched = [key]
                book.note(try Self.write(key, book[key], connection, transactions, &random), at: [key])
            })
    }

    /// Writes something at `key`, of which `known` was there; what is there then.
    private static func write(
        _ key: String, _ known: String??, _ connection: RawConnection, _ transactions: Bool,
        _ random: inout SystemRandomNumberGenerator
    ) throws -> String? {
        let value = "\(UInt64.random(in: 0 ... .max, using: &random))"
        var (commands, after): ([[String]], String?) = ([["SET", key, value]], value)
        if let known, let present = known {
            switch Int.random(in: 0..<6, using: &random) {
            case 0: (commands, after) = ([["APPEND", key, "+"]], present + "+")
            case 1: (commands, after) = ([["DEL", key]], nil)
            case 2 where transactions:
                (commands, after) = ([["MULTI"], ["SET", key, "a"], ["APPEND", key, "b"], ["EXEC"]], "ab")
            case 3: (commands, after) = ([["SET", key, value, "EX", "1000"], ["PERSIST", key]], value)
            default: break
            }
        }
        try connection.send(commands.flatMap { RawConnection.command($0) })
        for _ in commands {
            let reply = try connection.reply()
            guard !reply.hasPrefix("-") else { throw SupportError(reply) }
        }
        return after
    }

    func stop() throws { try thread.stop() }
    var written: Int { thread.written }
    var reconnects: Int { thread.reconnects }

    /// Keys of which `connection` shows something else than was promised.
    func lost(on connection: RawConnection) throws -> [String] {
        var lost: [String] = []
        for (key, value) in book.all {
            let found = try connection.ask("GET", key)
            let promised = value.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "$-1\r\n"
            if found != promised { lost.append("\(key): \(found.debugDescription), not \(promised.debugDescription)") }
        }
        return lost
    }
}
