// A connection of the shadow's own on which statements go one at a time.

import PostgresWire
import Reactor
import Wire

/// Why there is no answer.
enum PostgresShadowFailure: Error {
    case down, silent, broken, cancelled
    /// The session could not be brought to where the client's is.
    case misplaced
    /// The answer is longer than what is kept of one.
    case large
}

/// One end of a connection within the process, whose other end is a session as any client has; opened when it is needed.
final class PostgresShadowLink {
    /// Who the gateway is at the backend, where its configuration says so.
    typealias Login = (user: [UInt8]?, password: [UInt8])

    let identity: PostgresShadowIdentity
    private let login: Login?
    private let waker: Waker
    private let serve: @Sendable (AcceptedConnection) async -> Void
    private var socket: Socket?
    private var session: Task<Void, Never>?
    private var hasMore = false

    /// Nanoseconds that an answer may take from its request to its end.
    private static let patience: UInt64 = 5_000_000_000
    /// A little more than the primary's may have, so that one that is longer differs.
    private static let limit = 2 * Shadow.replyLimit
    private static let readOnly = PostgresQuestion.query(Array("SET default_transaction_read_only = on".utf8))

    init(
        as identity: PostgresShadowIdentity, login: Login?, waker: Waker,
        _ serve: @escaping @Sendable (AcceptedConnection) async -> Void
    ) {
        self.identity = identity
        self.login = login
        self.waker = waker
        self.serve = serve
    }

    /// Whether a connection is open.
    var isOpen: Bool { socket != nil }

    /// The answer to `question`, up to ReadyForQuery.
    func ask(_ question: [UInt8]) async throws(PostgresShadowFailure) -> [UInt8] {
        if let socket, hasMore || !socket.isQuiet() { await close() }
        waker.setDeadline(after: Self.patience)
        defer { waker.setDeadline(after: nil) }
        do throws(PostgresShadowFailure) {
            if socket == nil { try await open() }
            guard let socket else { throw .down }
            return try await exchange(question, on: socket)
        } catch {
            await close()
            throw error
        }
    }

    private func open() async throws(PostgresShadowFailure) {
        let near: Socket
        do throws(IOError) {
            let pair = try Socket.pair(waker: waker)
            let (serve, far) = (serve, pair.far)
            session = Task(executorPreference: waker.worker) { await serve(far) }
            near = pair.near
        } catch {
            throw .down
        }
        socket = near
        hasMore = false
        let user = login?.user.map { String(decoding: $0, as: UTF8.self) } ?? identity.user
        near.send(
            PostgresQuestion.startup(
                user: user, database: identity.database, settings: identity.parameters.settings))
        var answers = PostgresShadowLogin(user: Array(user.utf8), password: login?.password ?? [])
        let hasPassword = login != nil
        _ = try await receive(on: near) { type, body throws(PostgresShadowFailure) in
            switch type {
            case UInt8(ascii: "E"): throw .down
            case UInt8(ascii: "R"):
                guard let answer = answers.answer(body), hasPassword || answer.isEmpty else { throw .down }
                if !answer.isEmpty { near.send(answer) }
            default: break
            }
        }
        for setting in identity.settings {
            let reply = try await exchange(PostgresQuestion.query(setting), on: near)
            guard PostgresComparableReply(reply.span)?.failure == nil else { throw .misplaced }
        }
        // What only reads by its words may still call what writes. A backend that does not know this setting says so.
        _ = try await exchange(Self.readOnly, on: near)
    }

    private func exchange(_ question: [UInt8], on socket: Socket) async throws(PostgresShadowFailure) -> [UInt8] {
        socket.send(question)
        return try await receive(on: socket) { _, _ in }
    }

    /// All up to ReadyForQuery; `see` has each message's type and body.
    private func receive(
        on socket: Socket, _ see: (UInt8, [UInt8]) throws(PostgresShadowFailure) -> Void
    ) async throws(PostgresShadowFailure) -> [UInt8] {
        var reply: [UInt8] = []
        var seen = 0
        while true {
            let received: Received
            do throws(IOError) {
                received = try socket.receive()
            } catch {
                throw .down
            }
            switch received {
            case .bytes(let count):
                socket.worker.withReceived(count) { bytes in reply += bytes.array(0..<bytes.count) }
                while reply.count - seen >= 5, let length = reply.span.bigEndianUInt32(at: seen + 1) {
                    guard length >= 4 else { throw .broken }
                    guard Int(length) <= Self.limit else { throw .large }
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
                guard reply.count <= Self.limit else { throw .large }
            case .end: throw .down
            case .nothing:
                if waker.isCancelled { throw .cancelled }
                if waker.hasTimedOut { throw .silent }
                await waker.wait()
            }
        }
    }

    /// Closes the connection and waits for the session at its other end.
    func close() async {
        socket?.close()
        socket = nil
        session?.cancel()
        await session?.value
        session = nil
    }
}
