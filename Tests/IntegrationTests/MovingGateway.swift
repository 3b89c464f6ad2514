// A gateway with a listener whose data moves, and threads of clients that write meanwhile.

import Foundation
import Synchronization
import TestSupport

/// A gateway that is killed and started again with the same configuration.
final class MovingGateway: Sendable {
    private let listener: String
    private let yaml: String
    private let adminPort: Int
    private let running = Mutex<Fairlead?>(nil)

    /// - Parameters:
    ///   - listener: the name of the one that moves.
    ///   - yaml: the configuration without the admin listener.
    init(_ listener: String, _ yaml: String) throws {
        self.listener = listener
        adminPort = try FreePort.take()
        self.yaml = "admin: 127.0.0.1:\(adminPort)\nworkers: 2\n\(yaml)"
        try start()
    }

    /// Starts the gateway, again after it was killed.
    func start() throws {
        let gateway = try Fairlead(yaml: yaml)
        running.withLock { $0 = gateway }
    }

    func kill() throws {
        let gateway = running.withLock { $0 }
        gateway?.signal(SIGKILL)
        _ = try gateway?.ending()
        running.withLock { $0 = nil }
    }

    /// `fairlead migrate …` with the listener's name.
    func migrate(_ options: [String]) throws -> CommandResult {
        try Command.runBlocking(
            [try Tools.fairlead, "migrate", listener, "--admin", "127.0.0.1:\(adminPort)"] + options,
            timeout: .seconds(1200))
    }

    /// Begins to move and is killed somewhere on the way, `times` times, each after some microseconds of `after`.
    func interrupt(_ times: Int, after: Range<UInt32>, _ options: [String] = ["--force"]) throws {
        for _ in 0..<times {
            let thread = Thread { [self] in _ = try? migrate(options) }
            thread.start()
            usleep(UInt32.random(in: after))
            try kill()
            try start()
        }
    }

    /// What the admin listener answers.
    func get(_ path: String) throws -> String {
        let connection = try RawConnection(port: adminPort)
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return String(decoding: try connection.rest(), as: UTF8.self)
    }
}

/// What moves behind a gateway of its own.
protocol Moving {
    var gateway: MovingGateway { get }
}

extension Moving {
    func start() throws { try gateway.start() }
    func kill() throws { try gateway.kill() }
    func interrupt(_ times: Int, after: Range<UInt32>, _ options: String...) throws {
        try gateway.interrupt(times, after: after, ["--force"] + options)
    }
    func migrate(_ options: String...) throws -> CommandResult { try gateway.migrate(options) }
    func migrate(_ options: [String]) throws -> CommandResult { try gateway.migrate(options) }
    func get(_ path: String) throws -> String { try gateway.get(path) }
}

/// What servers have answered to one writer: by key what is there; nil for nothing.
final class WrittenBook<Value: Sendable>: Sendable {
    private let known = Mutex<[String: Value?]>([:])

    /// Nil where nothing is known.
    subscript(key: String) -> Value?? { known.withLock { $0[key] } }
    var all: [String: Value?] { known.withLock { $0 } }

    func note(_ value: Value?, at keys: [String]) {
        known.withLock { for key in keys { $0[key] = .some(value) } }
    }

    /// Whether the last write was carried out is not known: the keys are written anew before they count.
    func forget(_ keys: [String]) {
        known.withLock { for key in keys { $0.removeValue(forKey: key) } }
    }
}

/// A thread that writes with one connection after another until it is stopped.
final class WritingThread: Sendable {
    private struct Counts {
        var written = 0
        var reconnects = 0
    }

    private let counts = Mutex(Counts())
    private let isOver = Atomic(false)
    private let isDone = Atomic(false)

    /// Does `write` again and again, with a new connection when it throws.
    ///
    /// - Parameters:
    ///   - book: forgets the keys of a write of which nobody knows whether it was carried out.
    ///   - write: one write; it names its keys before it begins.
    init<Client, Value>(
        _ book: WrittenBook<Value>, _ connect: @escaping @Sendable () throws -> Client,
        close: @escaping @Sendable (Client) -> Void,
        write: @escaping @Sendable (Client, _ keys: inout [String], inout SystemRandomNumberGenerator) throws -> Void
    ) {
        let thread = Thread { [self] in
            var client: Client?
            var random = SystemRandomNumberGenerator()
            while !isOver.load(ordering: .relaxed) {
                var keys: [String] = []
                do {
                    if client == nil {
                        client = try connect()
                        counts.withLock { $0.reconnects += 1 }
                    }
                    try client.map { try write($0, &keys, &random) }
                    counts.withLock { $0.written += 1 }
                } catch {
                    book.forget(keys)
                    if let old = client { close(old) }
                    client = nil
                    usleep(5_000)
                }
            }
            if let client { close(client) }
            isDone.store(true, ordering: .releasing)
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    func stop() throws {
        isOver.store(true, ordering: .relaxed)
        try eventually("the end of a writer") { isDone.load(ordering: .acquiring) }
    }

    var written: Int { counts.withLock { $0.written } }
    var reconnects: Int { counts.withLock { $0.reconnects } }
}
