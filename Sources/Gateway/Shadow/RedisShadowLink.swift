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
        /// Of what an opening has brought about once it is accepted.
        var change = RedisIdentityChange.none
    }

    /// A command that waits until the connection is where it belongs.
    private struct Held {
        let bytes: [UInt8]
        let purpose: Purpose
        let identity: RedisIdentity
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
    /// Who the commands on it are from, as far as the server has accepted it.
    private(set) var identity = RedisIdentity()
    private let session: Task<Void, Never>
    private var framer = RedisReplyFramer()
    private var expected: [Expected] = []
    private var head = 0
    private var outgoing: [UInt8] = []
    private var reply: [UInt8] = []
    private var isCut = false
    /// Behind what is to be answered first: the error of a SELECT leaves a connection where it was, and commands behind it
    /// would be carried out there.
    private var held: [Held] = []
    private var heldHead = 0
    /// Openings that are not answered yet, and whether one was refused.
    private var openingsDue = 0
    private var isRefused = false
    /// Whether the connection has never become what it was opened as.
    private var isUnfit = false
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

    /// Commands whose replies are still to come, with those that are still to be sent.
    var count: Int { owed + held.count - heldHead }
    private var owed: Int { expected.count - head }
    var isCongested: Bool { socket.isCongested }

    // MARK: Sending

    /// Logs in, and so on, on a connection that has carried nothing.
    func open(as wanted: RedisIdentity) {
        identity = wanted
        let opening = wanted.opening
        outgoing += opening.commands
        for _ in 0..<opening.replies { expectOpening(.none) }
    }

    /// Sends a command, once the connection is where `wanted` is; the login is that which it was opened with.
    func send(_ bytes: [UInt8], _ purpose: Purpose, as wanted: RedisIdentity) {
        idleEnd = worker.now &+ Self.idleTime
        held.append(Held(bytes: bytes, purpose: purpose, identity: wanted))
        sendHeld()
    }

    /// Sends what may go: up to what belongs elsewhere, which waits until the server has said that it is there.
    private func sendHeld() {
        defer { dropSent() }
        while heldHead < held.count, openingsDue == 0 {
            let next = held[heldHead]
            guard next.identity.version == identity.version, next.identity.database == identity.database else {
                return become(next.identity)
            }
            heldHead += 1
            outgoing += next.bytes
            expect(next.purpose)
        }
    }

    private func dropSent() {
        if heldHead == held.count {
            held.removeAll(keepingCapacity: held.capacity <= 256)
            heldHead = 0
        } else if heldHead >= 256 {
            held.removeFirst(heldHead)
            heldHead = 0
        }
    }

    /// Asks the server to bring the connection to `wanted`.
    private func become(_ wanted: RedisIdentity) {
        if wanted.version != identity.version {
            send(["HELLO", "\(wanted.version)"], .hello(version: wanted.version, nil))
        }
        if wanted.database != identity.database {
            send(["SELECT", String(decoding: wanted.database, as: UTF8.self)], .select(wanted.database))
        }
    }

    private func send(_ words: [String], _ change: RedisIdentityChange) {
        outgoing += Array("*\(words.count)\r\n".utf8)
        for word in words { outgoing += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        expectOpening(change)
    }

    private func expectOpening(_ change: RedisIdentityChange) {
        openingsDue += 1
        expect(.opening, change)
    }

    private func expect(_ purpose: Purpose, _ change: RedisIdentityChange = .none) {
        if owed == 0 { due = worker.now &+ patience }
        idleEnd = worker.now &+ Self.idleTime
        expected.append(Expected(purpose: purpose, change: change))
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
        if socket.hasEnded || socket.hasWriteFailed || isUnfit { return .closed }
        if reads > 0 { due = owed == 0 ? .max : worker.now &+ patience }
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
        guard case .opening = entry.purpose else {
            return handle(isCut ? .large(entry.purpose) : .reply(reply, entry.purpose))
        }
        openingsDue -= 1
        if facts.isError {
            isRefused = true
            if entry.change == .none { isUnfit = true }
        } else {
            identity = entry.change.applied(to: identity)
        }
        guard openingsDue == 0 else { return }
        if isRefused { refuseHeld(handle) } else { sendHeld() }
    }

    /// Gives up the commands that were to go where the connection could not be brought; the next one tries again.
    private func refuseHeld(_ handle: (Event) -> Void) {
        isRefused = false
        guard heldHead < held.count else { return }
        let refused = held[heldHead].identity
        while heldHead < held.count, held[heldHead].identity == refused {
            let purpose = held[heldHead].purpose
            heldHead += 1
            handle(.misplaced(purpose))
        }
        sendHeld()
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
        let left = expected[head...].map(\.purpose) + held[heldHead...].map(\.purpose)
        expected = []
        head = 0
        held = []
        heldHead = 0
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
