// The bytes from and to a translated client: messages in, answers out, collected and sent together.

import PostgresWire
import Reactor
import Wire

/// A client's connection as its session reads and writes it.
final class PostgresClientConnection {
    /// Answers are sent when so many bytes of them have come together, or when nothing more can be answered now.
    private static let flushSize = 64 * 1024

    private let session: Session
    private let usage: PostgresUsage?
    private let reader: PostgresClientMessageReader
    @exclusivity(unchecked) private(set) var input: [UInt8]
    @exclusivity(unchecked) private var offset: Int
    @exclusivity(unchecked) var out = PostgresServerMessages()
    /// Whether a transaction is open, so that the end of the gateway waits a little.
    @exclusivity(unchecked) var isBusy = false
    /// Called whenever the session wakes up while it waits for a message that has not begun.
    @exclusivity(unchecked) var whileWaiting: (() -> Void)?

    init(_ session: Session, input: [UInt8], from offset: Int) {
        self.session = session
        usage = session.usage as? PostgresUsage
        self.input = input
        self.offset = offset
        reader = PostgresClientMessageReader()
    }

    // MARK: Out

    func flush() {
        guard out.count > 0 else { return }
        session.metrics.bytesFromBackends &+= UInt64(out.count)
        session.client.send(out.bytes)
        out.removeAll()
    }

    /// Sends when enough has come together, and waits while the client does not take it.
    func relieve() async throws {
        guard out.count >= Self.flushSize else { return }
        flush()
        while session.client.isCongested, !session.client.hasWriteFailed {
            try session.waker.check("sending rows")
            await session.waker.wait()
        }
        if session.client.hasWriteFailed { throw PostgresClientLeft() }
    }

    // MARK: In

    /// The next message; ranges in it refer to ``input``, and hold until the next call.
    func next() async throws -> PostgresClientMessage {
        while true {
            switch try step() {
            case .message(let request):
                if let usage {
                    let bytes = input
                    usage.received(request, in: bytes.span)
                }
                return request
            case .moreNeeded(let total):
                input.reserveCapacity(min(total, 1 << 20))
                try await fill()
            }
        }
    }

    private func step() throws(WireError) -> PostgresClientMessageReader.Step {
        // A second name for the same bytes: reader and buffer cannot both be borrowed through self.
        let bytes = input
        return try reader.next(bytes.span, at: &offset)
    }

    /// Whether the very next message is here already and is a Sync.
    var isSyncNext: Bool {
        input.count - offset >= 5 && input[offset] == UInt8(ascii: "S")
    }

    private func fill() async throws {
        let client = session.client
        if offset == input.count {
            input.removeAll(keepingCapacity: input.capacity <= 1 << 20)
            offset = 0
        } else if offset > 1 << 16 {
            input.removeFirst(offset)
            offset = 0
        }
        flush()
        while true {
            switch try client.receive() {
            case .bytes(let count):
                session.metrics.bytesFromClients &+= UInt64(count)
                client.worker.withReceived(count) { bytes in
                    input.reserveCapacity(input.count + count)
                    bytes.withUnsafeBufferPointer { input.append(contentsOf: $0) }
                }
                return
            case .nothing:
                if session.local.isDraining, !isBusy, input.isEmpty { throw IOError.cancelled }
                guard input.isEmpty, let whileWaiting else {
                    try await client.untilReadable("the next message")
                    continue
                }
                try await client.untilReadable(
                    "the next message",
                    beforeEachWait: {
                        whileWaiting()
                        flush()
                    })
            case .end: throw PostgresClientLeft()
            }
        }
    }

    /// The text of a range.
    func text(_ range: Range<Int>) -> String { String(decoding: input[range], as: UTF8.self) }
    func array(_ range: Range<Int>) -> [UInt8] { Array(input[range]) }
}
