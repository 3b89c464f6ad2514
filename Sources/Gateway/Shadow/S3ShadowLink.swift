// A connection of the shadow's own on which S3 requests go one at a time.

import Reactor
import S3Wire
import Wire

/// Asks one side in S3.
final class S3ShadowLink {
    private let connection: ShadowConnection

    init(_ connection: ShadowConnection) { self.connection = connection }

    /// Whether a connection is open.
    var isOpen: Bool { connection.socket != nil }

    func close() async { await connection.close() }

    /// The answer to a whole request.
    ///
    /// - Parameter limit: bytes of its content that are kept.
    func ask(
        _ request: [UInt8], _ method: S3Method, limit: Int = 2 * Shadow.replyLimit
    ) async throws(ShadowFailure) -> S3ComparableReply {
        if let socket = connection.socket, !socket.isQuiet() { await close() }
        let socket = try connection.open()
        let reply = try await connection.exchanging { () async throws(ShadowFailure) in
            socket.send(request)
            return try await receive(on: socket, method, limit)
        }
        if !reply.keepsAlive { await close() }
        return reply
    }

    private func receive(
        on socket: Socket, _ method: S3Method, _ limit: Int
    ) async throws(ShadowFailure) -> S3ComparableReply {
        // By default a little more than the primary's may have, so that one that is longer differs.
        var collector = S3ReplyCollector(answering: method, limit: limit)
        while let count = try await connection.receive(on: socket) {
            let result = socket.worker.withReceived(count) { bytes in Self.take(bytes, &collector) }
            if let reply = try result.get() { return reply }
        }
        guard let reply = collector.finish() else { throw .down }
        return reply
    }

    private static func take(
        _ bytes: Span<UInt8>, _ collector: inout S3ReplyCollector
    ) -> Result<S3ComparableReply?, ShadowFailure> {
        var offset = 0
        do throws(WireError) {
            let reply = try collector.take(bytes, at: &offset)
            return reply != nil && offset < bytes.count ? .failure(.broken) : .success(reply)
        } catch {
            return .failure(.broken)
        }
    }
}
