// Redis servers that are wrong in one way each, and right in all others: a real one with somebody in between.

import Foundation
import Synchronization
import TestSupport

/// What is wrong with a server.
enum RedisFault: String, CaseIterable, Sendable {
    /// Nothing: whoever finds a fault here has found one of the stand-in's own.
    case none
    /// PTTL tells whole seconds.
    case roundsExpiry
    /// One INCR in ten is answered and not done.
    case losesUpdates
    /// WRONGTYPE comes with other words.
    case wrongErrorText
    /// Two replies of a pipeline come in the opposite order.
    case reorders
    /// One GET in four is answered with what another connection was told last.
    case leaksReplies
}

/// A server of one fault, on a free port in front of a real server.
final class BadRedis: Sendable {
    let port: Int
    private let server: ScriptedServer

    init(_ fault: RedisFault, before real: Int) throws {
        let shared = SharedFaults()
        server = try ScriptedServer { client, number in
            let upstream = try ScriptedConnection.connect(port: real)
            defer { upstream.close() }
            try BadRedisSession(fault, shared, client, upstream, number).run()
        }
        port = server.port
    }

    func stop() { server.stop() }
}

/// What the connections of one server know of one another.
private final class SharedFaults: Sendable {
    let increments = Mutex<[[UInt8]: Int]>([:])
    let gets = Mutex(0)
    /// The last reply to a GET and the connection that it was for.
    let last = Mutex<(connection: Int, reply: [UInt8])?>(nil)
}

/// One connection: each command is passed on, and its reply comes back, more or less.
private final class BadRedisSession {
    private let fault: RedisFault
    private let shared: SharedFaults
    private let client: ScriptedConnection
    private let upstream: ScriptedConnection
    private let number: Int
    private var withheld: [UInt8] = []

    init(
        _ fault: RedisFault, _ shared: SharedFaults, _ client: ScriptedConnection, _ upstream: ScriptedConnection,
        _ number: Int
    ) {
        self.fault = fault
        self.shared = shared
        self.client = client
        self.upstream = upstream
        self.number = number
    }

    func run() throws {
        while true {
            let command = try Self.command(client)
            var reply = try answer(command)
            if fault == .reorders, withheld.isEmpty, client.hasUnread {
                withheld = reply
                continue
            }
            reply += withheld
            withheld = []
            try client.send(reply)
        }
    }

    private func answer(_ command: [[UInt8]]) throws -> [UInt8] {
        switch (fault, String(decoding: command.first ?? [], as: UTF8.self).uppercased()) {
        case (.losesUpdates, "INCR"):
            // Of each key: the cases run at once, and the one increment of a pipeline is not to be the tenth of all.
            let count = shared.increments.withLock {
                $0[command.last ?? [], default: 0] += 1
                return $0[command.last ?? [], default: 0]
            }
            guard count % 10 == 0 else { break }
            let value = try ask([Array("GET".utf8)] + command.dropFirst())
            let text = String(decoding: value, as: UTF8.self).split(separator: "\r\n")
            return Array(":\((text.count > 1 ? Int(text[1]) ?? 0 : 0) + 1)\r\n".utf8)
        case (.roundsExpiry, "PTTL"):
            let reply = String(decoding: try ask(command), as: UTF8.self)
            guard let left = Int(reply.dropFirst().dropLast(2)), left > 0 else { return Array(reply.utf8) }
            return Array(":\((left + 999) / 1000 * 1000)\r\n".utf8)
        case (.leaksReplies, "GET"):
            let reply = try ask(command)
            let count = shared.gets.withLock {
                $0 += 1; return $0
            }
            return shared.last.withLock { last in
                defer { last = (number, reply) }
                guard count % 4 == 0, let last, last.connection != number else { return reply }
                return last.reply
            }
        default: break
        }
        let reply = try ask(command)
        guard fault == .wrongErrorText, reply.starts(with: Array("-WRONGTYPE".utf8)) else { return reply }
        return Array("-ERR wrong kind of value\r\n".utf8)
    }

    private func ask(_ command: [[UInt8]]) throws -> [UInt8] {
        var bytes = Array("*\(command.count)\r\n".utf8)
        for word in command { bytes += Array("$\(word.count)\r\n".utf8) + word + [0x0D, 0x0A] }
        try upstream.send(bytes)
        return try Self.reply(upstream)
    }

    // MARK: The wire

    private static func command(_ client: ScriptedConnection) throws -> [[UInt8]] {
        let line = try client.readLine()
        guard line.first == "*", let count = Int(line.dropFirst()) else {
            throw SupportError("this server reads no inline commands: \(line)")
        }
        return try (0..<count).map { _ in
            guard let length = Int(try client.readLine().dropFirst()) else { throw SupportError("no length") }
            return Array(try client.read(length + 2).dropLast(2))
        }
    }

    /// A whole reply of RESP2 or RESP3, as it came.
    private static func reply(_ server: ScriptedConnection) throws -> [UInt8] {
        let line = try server.readLine()
        var bytes = Array("\(line)\r\n".utf8)
        let count = Int(line.dropFirst()) ?? -1
        switch line.first {
        case "$", "=", "!": if count >= 0 { bytes += try server.read(count + 2) }
        case "*", "~", ">": for _ in 0..<max(0, count) { bytes += try reply(server) }
        case "%": for _ in 0..<max(0, count * 2) { bytes += try reply(server) }
        default: break
        }
        return bytes
    }
}
