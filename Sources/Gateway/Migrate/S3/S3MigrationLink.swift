// A connection of the migration's own to one of its two places, on which requests of S3 go one at a time.

import Reactor
import S3Wire
import Wire

/// One end of a connection within the process, whose other end is a session as any client has; opened when it is needed.
///
/// Bodies stream through it: never more of one is held than a read brings. It belongs to one task on one worker.
final class S3MigrationLink: @unchecked Sendable {
    let name: String
    let waker: Waker
    let patience: MigrationPatience
    /// What other connections know of it; nil for one that only asks whether it lives.
    let place: MigrationPlace?
    let listener: ListenerState
    let serve: @Sendable (AcceptedConnection, ListenerState) async -> Void
    private let signer: S3OwnSigner?
    private let host: String
    private let addressing: BucketAddressing
    private var socket: Socket?
    private var session: Task<Void, Never>?
    var probe: S3MigrationProbe?
    /// What was received, from `offset` on not yet looked at.
    private var buffer: [UInt8] = []
    private var offset = 0
    /// The body under way.
    private var payload = S3Payload(.none)
    private var keepsAlive = true

    /// Times that a request is sent whose connection breaks, or whose answer tells of a server out of breath.
    private static let tries = 5
    /// Nanoseconds before the second try; twice as many before each further one.
    private static let firstPause: UInt64 = 200_000_000

    init(
        to listener: ListenerState, waker: Waker, _ patience: MigrationPatience, _ place: MigrationPlace?,
        _ serve: @escaping @Sendable (AcceptedConnection, ListenerState) async -> Void
    ) {
        self.listener = listener
        self.waker = waker
        self.patience = patience
        self.place = place
        self.serve = serve
        name = listener.route.name
        if case .trusted(let backend) = listener.route {
            host = backend.configuration.authority
            addressing = backend.configuration.login?.addressing ?? .path
            signer = backend.login.map {
                S3OwnSigner(
                    accessKey: $0.user ?? [], secret: $0.password,
                    region: Array((backend.configuration.login?.region ?? S3Call.standardRegion).utf8))
            }
        } else {
            host = "localhost"
            addressing = .path
            signer = nil
        }
    }

    // MARK: Whole answers

    /// The answer to `request`, all of it; asked again where nothing but the server's state stands in the way.
    func ask(_ request: S3MigrationRequest) async throws(LinkProblem) -> S3MigrationReply {
        var pause = Self.firstPause
        var hasBeenSilent = false
        for _ in 1..<Self.tries {
            do throws(LinkProblem) {
                let reply = try await askOnce(request)
                if !reply.isTransient { return reply }
            } catch {
                if isUrged || error.isSilence && hasBeenSilent { throw error }
                if error.isSilence { hasBeenSilent = true }
            }
            await rest(pause)
            pause *= 2
        }
        return try await askOnce(request)
    }

    func askOnce(_ request: S3MigrationRequest) async throws(LinkProblem) -> S3MigrationReply {
        try begin(request)
        return try await answer(to: request.method)
    }

    /// Whether nothing is worth a second try: the gateway stops, there is an order that needs no answer, or the place hangs.
    var isUrged: Bool { waker.isCancelled || patience.isShort || place?.isGivenUp == true }

    /// Waits; not for longer than until the gateway stops.
    func rest(_ nanoseconds: UInt64) async { await patience.rest(waker, for: nanoseconds) }

    /// The problem of an answer that nobody expected.
    func unexpected(_ reply: S3MigrationReply, to request: S3MigrationRequest) -> LinkProblem {
        LinkProblem(description: "'\(name)' answers \(request.label) with \(reply.summary)", place: name)
    }

    // MARK: Sending

    /// Sends the head of `request` and what it has of a body.
    func begin(_ request: S3MigrationRequest) throws(LinkProblem) {
        if let socket, !socket.isQuiet() || offset < buffer.count || !payload.isEnded { abandon() }
        try open().send(request.bytes(for: host, signer, addressing: addressing))
    }

    /// Sends bytes of the body; ``untilTaking()`` says when there is room for more.
    func send(_ bytes: Span<UInt8>) { socket?.send(bytes) }

    /// Waits until the server takes more; false when it has answered instead, and more would be in vain.
    func untilTaking() async throws(LinkProblem) -> Bool {
        guard let socket else { throw lost("no connection") }
        var last = waker.worker.now
        var queued = socket.queuedCount
        while true {
            if socket.hasWriteFailed || socket.isReadable && !socket.isQuiet() { return false }
            guard socket.isCongested else { return true }
            if waker.isCancelled { throw lost("the gateway stops") }
            guard await wait(since: last) else { throw silent("it took nothing more", since: last) }
            if socket.queuedCount != queued {
                queued = socket.queuedCount
                last = waker.worker.now
                hears()
            }
        }
    }

    // MARK: Receiving

    /// The answer with its body, which is a document.
    func answer(to method: S3Method) async throws(LinkProblem) -> S3MigrationReply {
        var reply = try await head(answering: method)
        var body: [UInt8] = []
        while try await piece({ bytes in bytes.withUnsafeBufferPointer { body.append(contentsOf: $0) } }) {
            guard S3Limits.document.allows(body.count) else {
                throw lost("it answers with a document that is too long")
            }
        }
        reply.body = body
        return reply
    }

    /// The head of the answer; its body comes with ``piece(_:)``, to the end or until ``abandon()``.
    func head(answering method: S3Method) async throws(LinkProblem) -> S3MigrationReply {
        var scanner = S3HeadScanner(.server)
        var interim = 0
        while true {
            do throws(WireError) {
                if offset < buffer.count, let length = try scanner.next(buffer.span, at: &offset) {
                    let bytes = Array(buffer[(offset - length)..<offset])
                    let head = try S3ResponseHead(bytes.span, answering: method)
                    guard head.isInterim else {
                        guard head.framing != .untilClose else { throw Self.endless }
                        payload = S3Payload(head.framing)
                        keepsAlive = head.keepsAlive
                        return S3MigrationReply(head, bytes)
                    }
                    interim += 1
                    guard S3Limits.interimResponses.allows(interim) else { throw Self.endless }
                    continue
                }
            } catch {
                throw lost("\(error.detail) (\(error.code))")
            }
            try await fill()
        }
    }

    private static let endless = WireError(.server, "endless-answer", "expected an answer that says where it ends")

    /// Gives the next bytes of the body to `take`; false at its end.
    func piece(_ take: (Span<UInt8>) -> Void) async throws(LinkProblem) -> Bool {
        while !payload.isEnded {
            if offset == buffer.count {
                buffer.removeAll(keepingCapacity: true)
                offset = 0
                try await fill()
            }
            do throws(WireError) {
                let kept = buffer
                if let range = try payload.next(kept.span, at: &offset) {
                    take(kept.span.extracting(range))
                    return true
                }
            } catch {
                throw lost("\(error.detail) (\(error.code))")
            }
        }
        if !keepsAlive || offset < buffer.count { abandon() }
        buffer = []
        offset = 0
        return false
    }

    /// Waits for more bytes behind those that are kept.
    private func fill() async throws(LinkProblem) {
        guard let socket else { throw lost("no connection") }
        let start = waker.worker.now
        while true {
            let received: Received
            do throws(IOError) { received = try socket.receive() } catch { throw lost("\(error)") }
            switch received {
            case .bytes(let count):
                socket.worker.withReceived(count) { bytes in
                    bytes.withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
                }
                hears()
                return
            case .end: throw lost("it closed the connection")
            case .nothing:
                if waker.isCancelled { throw lost("the gateway stops") }
                guard await wait(since: start) else { throw silent("it has not answered", since: start) }
            }
        }
    }

    func lost(_ reason: String) -> LinkProblem {
        abandon()
        return LinkProblem(description: "'\(name)': \(reason)", place: name)
    }

    // MARK: The connection

    private func open() throws(LinkProblem) -> Socket {
        if let socket { return socket }
        do throws(IOError) {
            let pair = try Socket.pair(waker: waker)
            let (serve, listener, far) = (serve, listener, pair.far)
            session = Task(executorPreference: waker.worker) { await serve(far, listener) }
            socket = pair.near
            return pair.near
        } catch {
            throw LinkProblem(description: "no connection within the process: \(error)")
        }
    }

    /// Closes the connection with whatever is under way on it: what was not sent to its end, nobody carries out.
    func abandon() {
        socket?.close()
        socket = nil
        session?.cancel()
        session = nil
        probe?.cancel()
        buffer = []
        offset = 0
        payload = S3Payload(.none)
    }

    func close() async {
        let session = session
        abandon()
        await session?.value
        await probe?.end()
    }
}
