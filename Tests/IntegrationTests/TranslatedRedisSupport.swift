// A gateway whose Redis listener leads to the embedded store, and replies as trees.

import Foundation
import TestSupport

/// A gateway with the embedded store, and a real server to hold it to.
struct TranslatedRedis {
    let gateway: Fairlead
    let server: RedisServer
    private let folder: TemporaryFolder

    /// Starts both.
    ///
    /// - Parameters:
    ///   - password: what the default user has to log in with, at both.
    ///   - gaps: what the store is not to do.
    init(password: String? = nil, gaps: [String] = []) throws {
        folder = try TemporaryFolder()
        var lines = [
            "admin: 127.0.0.1:0", "workers: 2", "listeners:", "  redis:", "    protocol: redis",
            "    listen: 127.0.0.1:0", "    backend: store",
        ]
        if let password { lines.append("    users: { default: \(password) }") }
        lines += ["backends:", "  store:", "    adapter: embedded", "    url: \"file://\(folder.path)/store\""]
        if !gaps.isEmpty { lines.append("    gaps: { \(gaps.joined(separator: ", ")) }") }
        gateway = try Fairlead(yaml: lines.joined(separator: "\n") + "\n")
        server = try RedisServer(.init(password: password))
    }

    /// A connection to the gateway and one to the real server.
    func pair() throws -> (translated: RawConnection, real: RawConnection) {
        (try gateway.connect(), try RawConnection(port: server.port))
    }
}

/// A reply with its structure.
indirect enum ReplyTree: Equatable {
    case leaf(String)
    case aggregate(Character, [ReplyTree])

    /// Reads the next reply of `connection`, past messages of its subscriptions.
    init(from connection: RawConnection) throws {
        var messages: [ReplyTree] = []
        self = try Self.next(from: connection, messages: &messages)
    }

    /// Reads the next reply of `connection`; messages that stand before it or in it are put aside.
    ///
    /// redis-server 7.0 writes what a client publishes to itself into the reply of EXEC.
    static func next(from connection: RawConnection, messages: inout [ReplyTree]) throws -> ReplyTree {
        while true {
            let reply = try ReplyTree(from: connection, messages: &messages)
            guard reply.isMessage else { return reply }
            messages.append(reply)
        }
    }

    /// Whether both are times to come that were read one after the other.
    func isNear(_ other: ReplyTree) -> Bool {
        guard let one = Int(text.dropFirst()), let other = Int(other.text.dropFirst()), one > 0 else { return false }
        return abs(one - other) < 30_000
    }

    private var isMessage: Bool {
        guard case .aggregate("*", let items) = self.inVersion2, items.count >= 3 else { return false }
        return items[0] == .leaf("$7\nmessage") || items[0] == .leaf("$8\npmessage")
    }

    /// The same with pushes as arrays.
    private var inVersion2: ReplyTree {
        if case .aggregate(">", let items) = self { .aggregate("*", items) } else { self }
    }

    /// Reads what comes next, a message or not; messages within it are put aside.
    init(from connection: RawConnection, messages: inout [ReplyTree]) throws {
        let line = String(decoding: try connection.receive(through: "\r\n").dropLast(2), as: UTF8.self)
        let count = Int(line.dropFirst()) ?? -1
        switch line.first {
        case "$", "=":
            guard count >= 0 else { fallthrough }
            let body = try connection.receive(count + 2).dropLast(2)
            self = .leaf("\(line)\n" + String(decoding: body, as: UTF8.self))
        case "*", "~", ">", "%":
            guard count >= 0 else { fallthrough }
            let items = line.first == "%" ? count * 2 : count
            self = .aggregate(
                line.first ?? "*", try (0..<items).map { _ in try Self.next(from: connection, messages: &messages) })
        default: self = .leaf(line)
        }
    }

    var text: String {
        switch self {
        case .leaf(let text): text
        case .aggregate(let mark, let items): "\(mark)[\(items.map(\.text).joined(separator: ", "))]"
        }
    }

    /// The text in a form in which two right replies to `command` are equal.
    func comparable(_ command: String) -> String {
        if TranslatedRedisGrammar.random.contains(command) { return shape }
        guard TranslatedRedisGrammar.unordered.contains(command), case .aggregate(let mark, let items) = self else {
            return text
        }
        let isPaired = command == "HGETALL" || command == "HSCAN" || command == "ZSCAN"
        if command.hasSuffix("SCAN"), items.count == 2, case .aggregate(_, let page) = items[1] {
            return "\(items[0].text) \(Self.sorted(page, isPaired))"
        }
        return "\(mark)\(Self.sorted(items, isPaired))"
    }

    private static func sorted(_ items: [ReplyTree], _ isPaired: Bool) -> [String] {
        let texts = items.map(\.text)
        guard isPaired else { return texts.sorted() }
        return stride(from: 0, to: texts.count - 1, by: 2).map { "\(texts[$0]): \(texts[$0 + 1])" }.sorted()
    }

    /// What is the same of two random picks.
    private var shape: String {
        switch self {
        case .leaf(let text): text.hasPrefix("$") && text != "$-1" ? "a string" : text
        case .aggregate(let mark, let items): "\(mark)\(items.count)"
        }
    }
}
