// A connection of the shadow's own on which S3 requests go one at a time.

import Reactor
import S3Wire
import Wire

/// Why there is no answer.
enum S3ShadowFailure: Error {
    case down, silent, broken, cancelled
}

/// One end of a connection within the process, whose other end is a session as any client has; opened when it is needed.
final class S3ShadowLink {
    private let listener: ListenerState
    private let waker: Waker
    private let serve: @Sendable (AcceptedConnection) async -> Void
    private var socket: Socket?
    private var session: Task<Void, Never>?

    /// Nanoseconds that an answer may take from its request to its end.
    private static let patience: UInt64 = 5_000_000_000

    init(
        to listener: ListenerState, waker: Waker, _ serve: @escaping @Sendable (AcceptedConnection) async -> Void
    ) {
        self.listener = listener
        self.waker = waker
        self.serve = serve
    }

    /// Whether a connection is open.
    var isOpen: Bool { socket != nil }

    /// The answer to the request whose head is `head`.
    func ask(_ head: [UInt8], _ method: S3Method) async throws(S3ShadowFailure) -> S3ComparableReply {
        if let socket, !socket.isQuiet() { await close() }
        let socket = try open()
        waker.setDeadline(after: Self.patience)
        defer { waker.setDeadline(after: nil) }
        socket.send(head)
        do throws(S3ShadowFailure) {
            let reply = try await receive(on: socket, method)
            if !reply.keepsAlive { await close() }
            return reply
        } catch {
            await close()
            throw error
        }
    }

    private func open() throws(S3ShadowFailure) -> Socket {
        if let socket { return socket }
        do throws(IOError) {
            let pair = try Socket.pair(waker: waker)
            let (serve, far) = (serve, pair.far)
            session = Task(executorPreference: waker.worker) { await serve(far) }
            socket = pair.near
            return pair.near
        } catch {
            throw .down
        }
    }

    private func receive(on socket: Socket, _ method: S3Method) async throws(S3ShadowFailure) -> S3ComparableReply {
        // A little more than the primary's may have, so that one that is longer differs.
        var collector = S3ReplyCollector(answering: method, limit: 2 * Shadow.replyLimit)
        while true {
            let received: Received
            do throws(IOError) {
                received = try socket.receive()
            } catch {
                throw .down
            }
            switch received {
            case .bytes(let count):
                let result = socket.worker.withReceived(count) { bytes in Self.take(bytes, &collector) }
                if let reply = try result.get() { return reply }
            case .end:
                guard let reply = collector.finish() else { throw .down }
                return reply
            case .nothing:
                if waker.isCancelled { throw .cancelled }
                if waker.hasTimedOut { throw .silent }
                await waker.wait()
            }
        }
    }

    private static func take(
        _ bytes: Span<UInt8>, _ collector: inout S3ReplyCollector
    ) -> Result<S3ComparableReply?, S3ShadowFailure> {
        var offset = 0
        do throws(WireError) {
            let reply = try collector.take(bytes, at: &offset)
            return reply != nil && offset < bytes.count ? .failure(.broken) : .success(reply)
        } catch {
            return .failure(.broken)
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
