// A connection of the shadow's own on which statements go one at a time.

import PostgresWire
import Reactor
import Wire

/// Asks one side in PostgreSQL's protocol, as one kind of client.
final class PostgresShadowLink {
    /// Who the gateway is at the backend, where its configuration says so.
    typealias Login = (user: [UInt8]?, password: [UInt8])

    let identity: PostgresShadowIdentity
    private let login: Login?
    private let place: PostgresShadowTarget
    let connection: ShadowConnection
    private var hasMore = false

    /// A little more than the primary's may have, so that one that is longer differs.
    private static let limit = 2 * Shadow.replyLimit
    private static let readOnly = PostgresQuestion.query(Array("SET default_transaction_read_only = on".utf8))

    init(
        as identity: PostgresShadowIdentity, login: Login?, _ place: PostgresShadowTarget,
        _ connection: ShadowConnection
    ) {
        self.identity = identity
        self.login = login
        self.place = place
        self.connection = connection
    }

    /// Whether a connection is open.
    var isOpen: Bool { connection.socket != nil }

    func close() async { await connection.close() }

    /// The answers to `questions`, each up to ReadyForQuery; what they leave open is given up.
    func ask(_ questions: [[UInt8]], limit: Int = limit) async throws(ShadowFailure) -> [[UInt8]] {
        var replies: [[UInt8]] = []
        if let socket = connection.socket, hasMore || !socket.isQuiet() { await close() }
        try await connection.exchanging { () async throws(ShadowFailure) in
            let socket = try await opened()
            for question in questions { replies.append(try await exchange(question, on: socket, limit)) }
        }
        // The status that ReadyForQuery ends with.
        if replies.last?.last != UInt8(ascii: "I") { await close() }
        return replies
    }

    /// The open connection, or a new one where the client's settings are made.
    func opened() async throws(ShadowFailure) -> Socket {
        if connection.socket == nil { try await open() }
        guard let socket = connection.socket else { throw .down }
        return socket
    }

    private func open() async throws(ShadowFailure) {
        let near = try connection.open()
        hasMore = false
        let user = login?.user.map { String(decoding: $0, as: UTF8.self) } ?? identity.user
        near.send(
            PostgresQuestion.startup(
                user: user, database: place.database(of: identity), settings: identity.parameters.settings))
        var answers = PostgresShadowLogin(user: Array(user.utf8), password: login?.password ?? [])
        let hasPassword = login != nil
        _ = try await receive(on: near, Self.limit) { type, body throws(ShadowFailure) in
            switch type {
            case UInt8(ascii: "E"): throw .down
            case UInt8(ascii: "R"):
                guard let answer = answers.answer(body), hasPassword || answer.isEmpty else { throw .down }
                if !answer.isEmpty { near.send(answer) }
            default: break
            }
        }
        for setting in identity.settings + place.settings {
            let reply = try await exchange(PostgresQuestion.query(setting), on: near, Self.limit)
            guard PostgresComparableReply(reply.span)?.failure == nil else { throw .unready }
        }
        // What only reads by its words may still call what writes. A backend that does not know this setting says so.
        if !place.mayWrite { _ = try await exchange(Self.readOnly, on: near, Self.limit) }
    }

    func exchange(_ question: [UInt8], on socket: Socket, _ limit: Int) async throws(ShadowFailure) -> [UInt8] {
        socket.send(question)
        return try await receive(on: socket, limit) { _, _ in }
    }

    /// All up to ReadyForQuery; `see` has each message's type and body.
    func receive(
        on socket: Socket, _ limit: Int, _ see: (UInt8, [UInt8]) throws(ShadowFailure) -> Void
    ) async throws(ShadowFailure) -> [UInt8] {
        var reply: [UInt8] = []
        var seen = 0
        while let count = try await connection.receive(on: socket) {
            socket.worker.withReceived(count) { bytes in reply += bytes.array(0..<bytes.count) }
            while reply.count - seen >= 5, let length = reply.span.bigEndianUInt32(at: seen + 1) {
                guard length >= 4 else { throw .broken }
                guard Int(length) <= limit else { throw .large }
                let end = seen + 1 + Int(length)
                guard end <= reply.count else { break }
                let type = reply[seen]
                try see(type, Array(reply[(seen + 5)..<end]))
                seen = end
                guard type == UInt8(ascii: "Z") else { continue }
                // What the server says of its own accord; nobody can tell whether all of it has come.
                hasMore = seen < reply.count
                return Array(reply[..<seen])
            }
            guard reply.count <= limit else { throw .large }
        }
        throw .down
    }
}
