// What an S3 client sends, as a translator takes it: one head, then its body piece by piece.

import Reactor
import S3Wire
import Wire

/// Why no more of a client's bytes come.
enum S3StreamEnd: Error {
    /// It went away, or its connection broke.
    case gone
    /// It has been silent, or took nothing, for too long.
    case timedOut
    /// The gateway stops.
    case stopped
    /// What it sent is no body as HTTP frames it.
    case broken(WireError)
}

/// The bytes of one client in the order in which they came; what is sent ahead is kept, one read at most.
final class S3ClientStream {
    /// A piece of a body is given out when it has this size or the body's end; the disk and the digests work best on
    /// more than what one packet brings.
    private static let gathered = 64 * 1024

    private let session: Session
    private let client: Socket
    private let waker: Waker
    private var ahead = KeptBytes()
    private var scanner = S3HeadScanner(.client)
    private var kept: [UInt8] = []
    private var payload = S3Payload(.none)
    private var mustContinue = false
    /// Requests that were waited for so far.
    private(set) var headCount = 0
    /// Payload of the current body that has been taken.
    private(set) var bodyBytes = 0
    /// Whether the client's bytes cannot be followed any more.
    private(set) var isLost = false

    init(_ session: Session) {
        self.session = session
        client = session.client
        waker = session.waker
    }

    // MARK: Heads

    /// What became of the wait for a request.
    enum Head {
        case complete([UInt8])
        case broken(WireError)
        case tooSlow
        /// There will be none.
        case over
    }

    /// Waits for the next request's head.
    func nextHead() async -> Head {
        headCount += 1
        let settings = session.listener.configuration
        waker.setDeadline(after: settings.idleTimeout?.nanoseconds)
        var isDripping = false
        kept = []
        while true {
            do throws(WireError) {
                if !ahead.isEmpty {
                    if let head = try scanAhead() { return .complete(head) }
                } else {
                    switch try? client.receive() {
                    case .bytes(let count)?:
                        session.metrics.bytesFromClients &+= UInt64(count)
                        if let head = try scan(received: count) { return .complete(head) }
                    case .end?, nil:
                        return .over
                    case .nothing?:
                        if waker.isCancelled || client.hasWriteFailed || client.isHungUp { return .over }
                        // Of a client that has moved, half a request is nothing that was promised.
                        if client.isRetired || !isDripping && session.local.isDraining { return .over }
                        if waker.hasTimedOut { return isDripping ? .tooSlow : .over }
                        await waker.wait()
                        continue
                    }
                }
            } catch {
                return .broken(error)
            }
            if !isDripping, !scanner.isAtBoundary {
                isDripping = true
                waker.setDeadline(after: settings.handshakeTimeout.nanoseconds)
            }
        }
    }

    private func scan(received count: Int) throws(WireError) -> [UInt8]? {
        try session.worker.withReceived(count) { bytes throws(WireError) in
            var offset = 0
            let head = try scan(bytes, at: &offset)
            if offset < count { ahead.append(bytes.extracting(droppingFirst: offset)) }
            return head
        }
    }

    private func scanAhead() throws(WireError) -> [UInt8]? {
        // Taken out for the time being, because nothing else may touch it while its bytes are looked at.
        var bytes = KeptBytes()
        swap(&bytes, &ahead)
        var offset = bytes.start
        let head = try scan(bytes.bytes.span, at: &offset)
        bytes.remove(upTo: offset)
        swap(&bytes, &ahead)
        return head
    }

    private func scan(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> [UInt8]? {
        let start = offset
        guard let length = try scanner.next(bytes, at: &offset) else {
            kept += bytes.array((offset - min(scanner.headLength, offset - start))..<offset)
            return nil
        }
        let fresh = min(length, offset - start)
        defer { kept = [] }
        return kept + bytes.array((offset - fresh)..<offset)
    }

    // MARK: Bodies

    /// Begins the body of `head`, whose bytes come next.
    func beginBody(_ head: S3RequestHead) {
        payload = S3Payload(head.framing)
        mustContinue = head.expectsContinue && !payload.isEnded
        bodyBytes = 0
    }

    /// Whether nothing of the current body is still to come.
    var isBodyOver: Bool { payload.isEnded }

    /// Whether the client may hold its body back, not having been told to go on.
    var isHeldBack: Bool { mustContinue && ahead.isEmpty && bodyBytes == 0 }

    /// How many bytes of the body are still to come, when that is known.
    var bodyLeft: Int? { payload.length == nil ? nil : payload.left }

    /// The next bytes of the body without its framing; nil at its end.
    func nextPiece() async throws(S3StreamEnd) -> [UInt8]? {
        do throws(S3StreamEnd) {
            return try await gatherPiece()
        } catch {
            isLost = true
            throw error
        }
    }

    private func gatherPiece() async throws(S3StreamEnd) -> [UInt8]? {
        if isHeldBack { client.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        mustContinue = false
        let patience = session.listener.configuration.idleTimeout?.nanoseconds
        waker.setDeadline(after: patience)
        var piece: [UInt8] = []
        while !payload.isEnded, piece.count < Self.gathered {
            if !ahead.isEmpty {
                try takeAhead(to: &piece)
                continue
            }
            switch try? client.receive() {
            case .bytes(let count)?:
                waker.setDeadline(after: patience)
                session.metrics.bytesFromClients &+= UInt64(count)
                try take(received: count, to: &piece)
            case .end?, nil: throw .gone
            case .nothing?:
                if client.hasWriteFailed || client.isHungUp { throw .gone }
                if waker.isCancelled { throw .stopped }
                if waker.hasTimedOut { throw .timedOut }
                await waker.wait()
            }
        }
        waker.setDeadline(after: nil)
        bodyBytes += piece.count
        return piece.isEmpty ? nil : piece
    }

    private func take(received count: Int, to piece: inout [UInt8]) throws(S3StreamEnd) {
        try session.worker.withReceived(count) { bytes throws(S3StreamEnd) in
            var offset = 0
            try take(bytes, at: &offset, to: &piece)
            if offset < count { ahead.append(bytes.extracting(droppingFirst: offset)) }
        }
    }

    private func takeAhead(to piece: inout [UInt8]) throws(S3StreamEnd) {
        var bytes = KeptBytes()
        swap(&bytes, &ahead)
        var offset = bytes.start
        try take(bytes.bytes.span, at: &offset, to: &piece)
        bytes.remove(upTo: offset)
        swap(&bytes, &ahead)
    }

    private func take(_ bytes: Bytes, at offset: inout Int, to piece: inout [UInt8]) throws(S3StreamEnd) {
        do throws(WireError) {
            while let range = try payload.next(bytes, at: &offset) {
                bytes.extracting(range).withUnsafeBufferPointer { piece.append(contentsOf: $0) }
            }
        } catch {
            throw .broken(error)
        }
    }

    // MARK: Answers

    /// Waits until the client takes more of its answer.
    func untilTaking() async throws(S3StreamEnd) {
        let patience = session.listener.configuration.idleTimeout?.nanoseconds
        waker.setDeadline(after: patience)
        var queued = client.queuedCount
        while client.isCongested {
            if client.hasWriteFailed || client.isHungUp { throw .gone }
            if waker.isCancelled { throw .stopped }
            if waker.hasTimedOut { throw .timedOut }
            await waker.wait()
            if client.queuedCount != queued {
                queued = client.queuedCount
                waker.setDeadline(after: patience)
            }
        }
        if client.hasWriteFailed || client.isHungUp { throw .gone }
        waker.setDeadline(after: nil)
    }

    /// Waits until the client has taken all that is queued for it, as long as it takes any.
    func deliver() async {
        let patience = session.listener.configuration.idleTimeout?.nanoseconds
        waker.setDeadline(after: patience)
        var left = client.queuedCount
        while client.hasQueued, !client.hasWriteFailed, !client.isHungUp {
            if waker.isCancelled || waker.hasTimedOut { return client.reset() }
            await waker.wait()
            if client.queuedCount != left {
                left = client.queuedCount
                waker.setDeadline(after: patience)
            }
        }
    }
}
