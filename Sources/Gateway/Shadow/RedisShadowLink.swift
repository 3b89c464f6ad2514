// A connection of the shadow's own, on which replies come in the order of the commands.

import Reactor
import RedisWire
import Wire

/// One end of a connection within the process; the other is a session as any client has.
///
/// So a candidate, or the primary, is reached as its clients would reach it: with routes, a cluster, TLS, or an adapter.
final class RedisShadowLink {
    /// What a reply is for.
    enum Purpose {
        /// It answers what the gateway has sent to bring the connection to where the next command belongs.
        case opening
        case job(RedisShadowJob)
        /// It is one of the primary's answers to a doubt, in its look with this number.
        case primary(RedisShadowDoubt, Int)
    }

    private struct Expected {
        let purpose: Purpose
        /// Changes of identity that came before it.
        let era: Int
    }

    /// What became of a command.
    enum Event {
        case reply([UInt8], Purpose)
        /// Its reply was too long to be kept.
        case large(Purpose)
        /// The connection could not be brought to where it belongs.
        case misplaced(Purpose)
    }

    /// Why a link is over.
    enum End {
        case closed, silent
        /// Nobody has used it for a while.
        case idle
        /// It said what is no reply, or what nobody had asked for.
        case broken
    }

    let socket: Socket
    /// Who the commands on it are from.
    private(set) var identity = RedisIdentity()
    private let session: Task<Void, Never>
    private var framer = RedisReplyFramer()
    private var expected: [Expected] = []
    private var head = 0
    private var outgoing: [UInt8] = []
    private var reply: [UInt8] = []
    private var isCut = false
    private var era = 0
    private var refusedEra = -1
    /// When it must have said something, in nanoseconds of the worker's clock.
    private(set) var due = UInt64.max
    /// When it is closed because nobody has used it, in nanoseconds of the worker's clock.
    private(set) var idleEnd: UInt64
    private let patience: UInt64
    private let worker: Worker

    private static let readsPerTurn = 4
    /// Nanoseconds that it is kept open without use.
    private static let idleTime: UInt64 = 5_000_000_000

    /// Opens a connection to `listener`, whose session runs on `local`.
    init(
        to listener: ListenerState, waker: Waker, _ local: WorkerState, patience: UInt64,
        _ serve: @escaping @Sendable (AcceptedConnection) async -> Void
    ) throws(IOError) {
        let pair = try Socket.pair(waker: waker)
        socket = pair.near
        worker = local.worker
        self.patience = patience
        idleEnd = local.worker.now &+ Self.idleTime
        let far = pair.far
        session = Task(executorPreference: local.worker) { await serve(far) }
    }

    /// Commands whose replies are still to come.
    var count: Int { expected.count - head }
    var isCongested: Bool { socket.isCongested }

    // MARK: Sending

    /// Brings the connection to `wanted` for what follows.
    func become(_ wanted: RedisIdentity) {
        guard wanted != identity else { return }
        era += 1
        if wanted.version != identity.version { send(["HELLO", "\(wanted.version)"]) }
        if wanted.database != identity.database {
            send(["SELECT", String(decoding: wanted.database, as: UTF8.self)])
        }
        identity.version = wanted.version
        identity.database = wanted.database
    }

    /// Logs in, and so on, on a connection that has carried nothing.
    func open(as wanted: RedisIdentity) {
        identity = wanted
        let opening = wanted.opening
        outgoing += opening.commands
        for _ in 0..<opening.replies { expect(.opening) }
    }

    func send(_ bytes: [UInt8], _ purpose: Purpose) {
        outgoing += bytes
        expect(purpose)
    }

    private func send(_ words: [String]) {
        outgoing += Array("*\(words.count)\r\n".utf8)
        for word in words { outgoing += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        expect(.opening)
    }

    private func expect(_ purpose: Purpose) {
        if count == 0 { due = worker.now &+ patience }
        idleEnd = worker.now &+ Self.idleTime
        expected.append(Expected(purpose: purpose, era: era))
    }

    /// Sends what was collected.
    func flush() {
        guard !outgoing.isEmpty else { return }
        socket.send(outgoing)
        outgoing.removeAll(keepingCapacity: outgoing.capacity <= 256 * 1024)
    }

    // MARK: Receiving

    /// Reads what has come and tells `handle`; an end, once the connection is over.
    func receive(_ handle: (Event) -> Void) -> End? {
        var reads = 0
        while socket.isReadable {
            guard reads < Self.readsPerTurn else {
                socket.waker.wake()
                break
            }
            reads += 1
            let received: Received
            do throws(IOError) {
                received = try socket.receive()
            } catch {
                return .closed
            }
            guard case .bytes(let count) = received else { break }
            guard worker.withReceived(count, { take($0, handle) }) else { return .broken }
        }
        if socket.hasEnded || socket.hasWriteFailed { return .closed }
        if reads > 0 { due = count == 0 ? .max : worker.now &+ patience }
        if due <= worker.now { return .silent }
        return count == 0 && idleEnd <= worker.now ? .idle : nil
    }

    private func take(_ bytes: Span<UInt8>, _ handle: (Event) -> Void) -> Bool {
        var offset = 0
        do throws(WireError) {
            while offset < bytes.count {
                let start = offset
                let facts = try framer.next(bytes, at: &offset)
                keep(bytes.extracting(start..<offset))
                guard let facts else { break }
                if !facts.isPush {
                    guard head < expected.count else { return false }
                    complete(facts, handle)
                }
                reply.removeAll(keepingCapacity: reply.capacity <= 64 * 1024)
                isCut = false
            }
            return true
        } catch {
            return false
        }
    }

    private func complete(_ facts: RedisReply, _ handle: (Event) -> Void) {
        let entry = expected[head]
        head += 1
        if head == expected.count {
            expected.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 256 {
            expected.removeFirst(head)
            head = 0
        }
        if case .opening = entry.purpose {
            if facts.isError { refusedEra = entry.era }
            return
        }
        handle(
            entry.era == refusedEra
                ? .misplaced(entry.purpose) : isCut ? .large(entry.purpose) : .reply(reply, entry.purpose))
    }

    private func keep(_ bytes: Span<UInt8>) {
        guard !isCut, bytes.count > 0 else { return }
        // A little more than the primary's may have, so that one that is longer differs.
        guard reply.count + bytes.count <= 2 * Shadow.replyLimit else {
            isCut = true
            return
        }
        bytes.withUnsafeBufferPointer { reply.append(contentsOf: $0) }
    }

    // MARK: The end

    /// Closes it; what was still to be answered, in order.
    func close() -> [Purpose] {
        let left = expected[head...].map(\.purpose)
        expected = []
        head = 0
        due = .max
        socket.close()
        return left
    }

    /// Waits until the session at the other end is over.
    func finish() async {
        session.cancel()
        await session.value
    }
}
