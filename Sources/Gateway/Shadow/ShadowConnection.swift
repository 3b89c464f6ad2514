// A connection of a shadow's own to a session of the gateway's, on which one request goes at a time.

import Reactor

/// Why there is no answer, or none that says anything.
enum ShadowFailure: Error {
    case down, silent, broken, cancelled
    /// The server has said that it cannot answer now, or could not be brought to where the client is.
    case unready
    /// The answer is longer than what is kept of one.
    case large
    /// What the server said shows that the request cannot be compared, and may have written anything at the primary.
    case unforeseen
    /// The request needs something that the candidate has not got.
    case missing
}

/// One end of a connection within the process, whose other end is a session as any client has; opened when it is needed.
final class ShadowConnection {
    /// Runs the session at the other end.
    typealias Serve = @Sendable (AcceptedConnection) async -> Void

    private let waker: Waker
    private let serve: Serve
    private(set) var socket: Socket?
    private var session: Task<Void, Never>?

    /// Nanoseconds that an answer may take from its request to its end.
    private static let patience: UInt64 = 5_000_000_000

    init(waker: Waker, _ serve: @escaping Serve) {
        self.waker = waker
        self.serve = serve
    }

    /// The open socket, or that of a new connection.
    func open() throws(ShadowFailure) -> Socket {
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

    /// Does what `exchange` does, in so many nanoseconds; after a failure the connection is closed.
    func exchanging<Answer>(
        within time: UInt64 = patience, _ exchange: () async throws(ShadowFailure) -> Answer
    ) async throws(ShadowFailure) -> Answer {
        waker.setDeadline(after: time)
        defer { waker.setDeadline(after: nil) }
        do throws(ShadowFailure) {
            return try await exchange()
        } catch {
            await close()
            throw error
        }
    }

    /// Waits for more from the other end: how many bytes lie in the worker's buffer; nil at the end.
    func receive(on socket: Socket) async throws(ShadowFailure) -> Int? {
        while true {
            let received: Received
            do throws(IOError) {
                received = try socket.receive()
            } catch {
                throw .down
            }
            switch received {
            case .bytes(let count): return count
            case .end: return nil
            case .nothing: try await wait()
            }
        }
    }

    /// Waits until `socket`, which may be another connection's, takes more.
    func waitForRoom(on socket: Socket) async throws(ShadowFailure) {
        while socket.isCongested {
            if socket.isGone { throw .down }
            try await wait()
        }
    }

    private func wait() async throws(ShadowFailure) {
        if waker.isCancelled { throw .cancelled }
        if waker.hasTimedOut { throw .silent }
        await waker.wait()
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
