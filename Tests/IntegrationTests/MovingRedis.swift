// A gateway whose data moves, with clients that keep writing and know what they were promised.

import Foundation
import Synchronization
import TestSupport

/// A listener `redis` in front of `source`, with everything ready to move to `target`.
final class MovingRedis: Sendable {
    let source: RedisServer
    let folder: TemporaryFolder
    private let target: String
    private let port: Int
    private let adminPort: Int
    private let running = Mutex<Fairlead?>(nil)

    /// - Parameter target: the lines of the target's section, in one mapping.
    init(to target: String, workers: Int = 2, mode: String = "session") throws {
        source = try RedisServer(.init(arguments: ["--enable-debug-command", "yes"]))
        folder = try TemporaryFolder()
        self.target = target
        port = try FreePort.take()
        adminPort = try FreePort.take()
        self.mode = mode
        try start()
    }

    private let mode: String

    /// Starts the gateway, again after it was killed.
    func start() throws {
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:\(adminPort)
                workers: 2
                listeners:
                  redis:
                    protocol: redis
                    listen: 127.0.0.1:\(port)
                    backend: old
                    migrate: { to: new, state: "\(folder.file("move.json"))" }
                backends:
                  old: { url: "redis://127.0.0.1:\(source.port)", mode: \(mode) }
                  new: { \(target) }

                """)
        running.withLock { $0 = gateway }
    }

    var gateway: Fairlead? { running.withLock { $0 } }

    func kill() throws {
        let gateway = running.withLock { $0 }
        gateway?.signal(SIGKILL)
        _ = try gateway?.ending()
        running.withLock { $0 = nil }
    }

    func connect() throws -> RawConnection { try RawConnection(port: port) }
    func direct() throws -> RawConnection { try RawConnection(port: source.port) }

    /// `fairlead migrate redis …`.
    func migrate(_ options: String...) throws -> CommandResult {
        try Command.runBlocking(
            [try Tools.fairlead, "migrate", "redis", "--admin", "127.0.0.1:\(adminPort)"] + options,
            timeout: .seconds(1200))
    }

    func get(_ path: String) throws -> String {
        let connection = try RawConnection(port: adminPort)
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return String(decoding: try connection.rest(), as: UTF8.self)
    }
}

/// A client that writes keys of its own and remembers what the server has answered.
final class MovingWriter: Sendable {
    private struct State {
        /// By key: what is there; nil for nothing.
        var known: [String: String?] = [:]
        var written = 0
        var reconnects = 0
        var problem: String?
    }

    private let state = Mutex(State())
    private let isOver = Atomic(false)
    private let isDone = Atomic(false)
    let name: String
    /// Whether some writes are transactions.
    private let transactions: Bool

    /// Begins to write with connections that `connect` makes, as soon as there is one.
    init(
        _ name: String, keys: Int, transactions: Bool = true,
        _ connect: @escaping @Sendable () throws -> RawConnection
    ) {
        self.name = name
        self.transactions = transactions
        let thread = Thread { [self] in
            var connection: RawConnection?
            var random = SystemRandomNumberGenerator()
            while !isOver.load(ordering: .relaxed) {
                let key = "\(name):\(Int.random(in: 0..<keys, using: &random))"
                do {
                    if connection == nil {
                        connection = try connect()
                        state.withLock { $0.reconnects += 1 }
                    }
                    try connection.map { try write(key, $0, &random) }
                } catch {
                    // Whether the last write was carried out is not known: the key is written anew before it counts.
                    state.withLock {
                        $0.known[key] = .some(.none); $0.known.removeValue(forKey: key)
                    }
                    connection?.close()
                    connection = nil
                    usleep(2_000)
                }
            }
            connection?.close()
            isDone.store(true, ordering: .releasing)
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    private func write(
        _ key: String, _ connection: RawConnection, _ random: inout SystemRandomNumberGenerator
    ) throws {
        let known = state.withLock { $0.known[key] }
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
        state.withLock {
            $0.known[key] = .some(after)
            $0.written += 1
        }
    }

    func stop() throws {
        isOver.store(true, ordering: .relaxed)
        try eventually("the end of writer \(name)") { isDone.load(ordering: .acquiring) }
    }

    var written: Int { state.withLock { $0.written } }
    var reconnects: Int { state.withLock { $0.reconnects } }

    /// Keys of which `connection` shows something else than was promised.
    func lost(on connection: RawConnection) throws -> [String] {
        var lost: [String] = []
        for (key, value) in state.withLock({ $0.known }) {
            let found = try connection.ask("GET", key)
            let promised = value.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "$-1\r\n"
            if found != promised { lost.append("\(key): \(found.debugDescription), not \(promised.debugDescription)") }
        }
        return lost
    }
}
