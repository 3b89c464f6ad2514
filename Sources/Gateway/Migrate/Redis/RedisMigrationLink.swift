// A connection of the migration's own to one of its two places.

import Reactor
import RedisWire
import Wire

/// Why a link gave no answer.
struct LinkProblem: Error, CustomStringConvertible {
    let description: String
    /// The name of the place that gave none, where it was one.
    var place: String?
    /// Whether nothing came for too long.
    var isSilence = false
}

/// One end of a connection within the process; the other is a session as any client has.
///
/// So the source and the target are reached as their clients would reach them: shared, over TLS, or through an adapter.
final class RedisMigrationLink {
    let name: String
    private let socket: Socket
    private let waker: Waker
    private let patience: MigrationPatience
    private let session: Task<Void, Never>
    private var framer = RedisReplyFramer()
    private var reply: [UInt8] = []
    private var database: UInt32 = 0
    /// Whether the place tells the lives of a hash's fields; nil until it was asked.
    var tellsFieldLives: Bool?

    /// Nanoseconds of silence after which a place is given up.
    private static let silence: UInt64 = 15_000_000_000
    /// Bytes of one reply: no string of Redis is longer.
    private static let replyLimit = (512 << 20) + 1024

    /// Opens a connection to `listener`, whose session runs on `local`.
    init(
        to listener: ListenerState, waker: Waker, _ local: WorkerState, _ patience: MigrationPatience,
        _ serve: @escaping @Sendable (AcceptedConnection) async -> Void
    ) throws(LinkProblem) {
        name = listener.route.name
        self.waker = waker
        self.patience = patience
        do throws(IOError) {
            let pair = try Socket.pair(waker: waker)
            socket = pair.near
            let far = pair.far
            session = Task(executorPreference: local.worker) { await serve(far) }
        } catch {
            throw LinkProblem(description: "no connection within the process: \(error)")
        }
    }

    /// What commands are answered with, in their order; all are sent before the first answer is waited for.
    func ask(_ commands: [[[UInt8]]], in database: UInt32) async throws(LinkProblem) -> [RedisNode] {
        guard !commands.isEmpty else { return [] }
        if let refusal = try await refusal(of: database) { throw LinkProblem(description: refusal) }
        return try await send(commands)
    }

    /// Goes to `database`; why there is none, where the place has not got it.
    ///
    /// Nothing is sent behind a SELECT before it is answered: what is refused leaves the connection where it was, and
    /// commands that follow would be carried out there.
    func refusal(of database: UInt32) async throws(LinkProblem) -> String? {
        guard database != self.database else { return nil }
        guard let error = try await send([[Array("SELECT".utf8), Array("\(database)".utf8)]])[0].error else {
            self.database = database
            return nil
        }
        // Other errors say nothing of the database: a server that starts, a login that is missing.
        guard Self.missing.contains(where: { error.contains($0) }) else { throw lost("SELECT \(database): \(error)") }
        return "'\(name)' has no database \(database) (\(error))"
    }

    /// Words of errors that say so: of servers, of nodes of a cluster, of translators.
    private static let missing = ["DB index", "in cluster mode", "UNSUPPORTED"]

    private func send(_ commands: [[[UInt8]]]) async throws(LinkProblem) -> [RedisNode] {
        var outgoing: [UInt8] = []
        for command in commands { Self.spell(command, into: &outgoing) }
        socket.send(outgoing)
        return try await receive(commands.count)
    }

    func ask(_ words: String..., in database: UInt32) async throws(LinkProblem) -> RedisNode {
        try await ask([words.map { Array($0.utf8) }], in: database)[0]
    }

    private static func spell(_ words: [[UInt8]], into bytes: inout [UInt8]) {
        bytes += Array("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += Array("$\(word.count)\r\n".utf8)
            bytes += word
            bytes += [0x0D, 0x0A]
        }
    }

    // MARK: Receiving

    private func receive(_ count: Int) async throws(LinkProblem) -> [RedisNode] {
        var nodes: [RedisNode] = []
        var last = socket.worker.now
        while true {
            while socket.isReadable, nodes.count < count {
                let received: Received
                do throws(IOError) { received = try socket.receive() } catch { throw lost("\(error)") }
                guard case .bytes(let size) = received else { break }
                last = socket.worker.now
                patience.hears()
                var problem: String?
                socket.worker.withReceived(size) { bytes in
                    do throws(WireError) { try take(bytes, into: &nodes) } catch { problem = "\(error)" }
                }
                if let problem { throw lost(problem) }
            }
            if nodes.count == count { return nodes }
            if nodes.count > count { throw lost("it answers what nobody has asked") }
            if socket.hasEnded || socket.hasWriteFailed { throw lost("it closed the connection") }
            if waker.isCancelled { throw LinkProblem(description: "the gateway stops") }
            guard await patience.wait(waker, since: last, until: last &+ Self.silence, of: name) else {
                throw lost("it has not answered in time (\((socket.worker.now &- last) / 1_000_000_000) s)")
            }
        }
    }

    private func take(_ bytes: Span<UInt8>, into nodes: inout [RedisNode]) throws(WireError) {
        var offset = 0
        while offset < bytes.count {
            let start = offset
            let facts = try framer.next(bytes, at: &offset)
            guard reply.count <= Self.replyLimit else {
                throw WireError(.server, "reply-too-long", "a reply has more than 512 MiB")
            }
            bytes.extracting(start..<offset).withUnsafeBufferPointer { reply.append(contentsOf: $0) }
            guard let facts else { return }
            if !facts.isPush { nodes.append(RedisNode(reply.span) ?? .error("ERR a reply that is nested too deeply")) }
            reply.removeAll(keepingCapacity: reply.capacity <= 1 << 20)
        }
    }

    private func lost(_ reason: String) -> LinkProblem { LinkProblem(description: "\(name): \(reason)", place: name) }

    // MARK: The end

    func close() async {
        socket.close()
        session.cancel()
        await session.value
    }
}
