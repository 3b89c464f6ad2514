// Follows one client of a Redis listener that is being moved: which keys it writes, and when it may be let go.

import Migration
import Reactor
import RedisWire
import Wire

/// Notes the keys of writes from when they are read until they are answered, and holds the client when it is asked to.
final class RedisMigrationClient: MigrationClient {
    /// What a command that is not answered may change.
    private struct Waiting {
        var ticket: DirtyKeys.Ticket?
        /// In place of a ticket: what is noted once it is answered.
        var kept: RedisKeptWrites.Kept?
        /// Whether it is one that may wait at the server.
        var mayWait = false
        /// Whether it may take the client to another database.
        var moves = false
        /// Whether it ends a transaction.
        var isEnd = false
    }

    private unowned(unsafe) let socket: Socket
    private let notes: MigrationNotes
    @exclusivity(unchecked) private var commands = RedisPassingCommands(keeping: RedisMigrationClient.commandLimit)
    @exclusivity(unchecked) private var replies = RedisReplyFramer()
    @exclusivity(unchecked) private var exchange = RedisExchange()
    @exclusivity(unchecked) private var waiting = RedisAwaited<Waiting>()
    @exclusivity(unchecked) private var database = RedisClientDatabase()
    @exclusivity(unchecked) private var kept = RedisKeptWrites()
    @exclusivity(unchecked) private var queued = RedisQueuedWrites()
    /// Replies until the last command is answered that may wait.
    private var repliesToWait = 0
    /// Whether the conversation cannot be followed any more, and may change everything until it is over.
    private var isBlind = false
    private var isHeld = false

    /// Bytes of a command that comes in pieces that are looked at; the keys of a longer one are any.
    private static let commandLimit = 1 << 16

    /// What changes the keys that it is called with, and any other that its author has not declared.
    private static let scripts = [RedisCommand("eval"), RedisCommand("evalsha"), RedisCommand("fcall")]

    init(_ socket: Socket, _ notes: MigrationNotes) {
        self.socket = socket
        self.notes = notes
        notes.add(self)
    }

    // MARK: Requests

    func received(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        do throws(WireError) {
            try commands.pass(bytes) { event, bytes, start in
                switch event {
                case .emptyReceived: exchange.emptyReceived()
                case .commandReceived(let request): take(request, bytes, at: start)
                }
                return !isBlind
            }
        } catch {
            goBlind()
        }
    }

    private func take(_ request: RedisRequest, _ bytes: Span<UInt8>, at start: Int) {
        var whole: RedisWholeCommand?
        if !request.isInline, case .whole(let found) = RedisWholeCommand.find(in: bytes, at: start) { whole = found }
        let wasInTransaction = exchange.isInTransaction
        let isAnswered = exchange.commandReceived(request, at: 0)
        if exchange.isAdrift { return goBlind() }
        guard isAnswered else {
            // Behind QUIT nothing is carried out; what CLIENT REPLY silences is, and nobody sees when.
            if !exchange.isClosing { goBlind() }
            return
        }
        var entry = Waiting()
        switch request.effect {
        case .exec:
            entry.isEnd = wasInTransaction
            if repliesToWait > 0 {
                entry.kept = queued.sent(behindWaiting: &kept, &notes.dirty)
            } else {
                entry.ticket = queued.sent(&notes.dirty)
            }
        case .discard, .reset:
            entry.isEnd = wasInTransaction
            queued.removeAll(&notes.dirty)
        default:
            let writes = whole.map { RedisWrites.of($0, in: bytes) } ?? .unread(request)
            if Self.scripts.contains(request.command), case .keys = writes { notes.hasSeenScripts = true }
            entry.mayWait = request.mayBlock && !wasInTransaction
            if writes != .nothing, wasInTransaction {
                queued.add(writes, whole, bytes, database, &notes.dirty, at: socket.worker.now)
            }
            // In a transaction too: where its MULTI is refused, what follows is carried out at once.
            if writes != .nothing, entry.mayWait || repliesToWait > 0 {
                entry.kept = kept.keep(writes, whole, bytes, database, &notes.dirty)
            }
            if writes != .nothing, entry.kept == nil {
                let ticket = notes.dirty.begin()
                entry.ticket = ticket
                note(writes, whole, bytes, ticket)
            }
        }
        if request.command == .select || request.effect == .reset {
            entry.moves = true
            let isCertain = !wasInTransaction || request.effect == .reset
            let next = request.effect == .reset ? 0 : Self.database(after: whole, in: bytes)
            database.asks(for: next, isCertain: isCertain)
        }
        let isMinded = entry.ticket != nil || entry.kept != nil || entry.moves || entry.isEnd
        waiting.append(isMinded ? entry : nil)
        if entry.mayWait { repliesToWait = waiting.count }
        if exchange.pendingCount != waiting.count { goBlind() }
    }

    /// The database to which `command` leads once it is accepted; nil when it cannot be told.
    private static func database(after command: RedisWholeCommand?, in bytes: Span<UInt8>) -> UInt32? {
        switch RedisIdentityChange.of(command, in: bytes) {
        case .select(let digits) where digits.count <= 9: digits.reduce(UInt32(0)) { $0 * 10 + UInt32($1 & 15) }
        default: nil
        }
    }

    private func note(
        _ writes: RedisWrites, _ whole: RedisWholeCommand?, _ bytes: Span<UInt8>, _ ticket: DirtyKeys.Ticket
    ) {
        guard case .keys(let keys) = writes, let whole, let count = database.count else {
            return notes.dirty.noteEverything(ticket, isOrdered: whole != nil && writes == .everything)
        }
        var cursor = RedisKeyCursor(keys, of: whole, in: bytes)
        while let range = cursor.next(in: bytes) {
            for place in 0..<count {
                notes.dirty.note(bytes.extracting(range), database: database[place], ticket)
            }
        }
    }

    // MARK: Replies

    func sent(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        var offset = 0
        do throws(WireError) {
            while let reply = try replies.next(bytes, at: &offset) {
                switch exchange.replyReceived(reply) {
                case .answered: answered(reply)
                case .untracked: return goBlind()
                case .unmatched where waiting.count > 0: return goBlind()
                case .unmatched, .pushed, .confirmed: break
                }
            }
        } catch {
            return goBlind()
        }
        if exchange.pendingCount != waiting.count { goBlind() }
        if isHeld { endIfIdle() }
    }

    private func answered(_ reply: RedisReply) {
        guard waiting.count > 0 else { return goBlind() }
        repliesToWait = max(0, repliesToWait - 1)
        guard let entry = waiting.removeFirst() else { return }
        if let ticket = entry.ticket { notes.dirty.end(ticket) }
        if let own = entry.kept { kept.answered(own, &notes.dirty) }
        if entry.moves { database.answered(isError: reply.isError) }
        // Refused for a right that the user lacks, it has ended nothing, and what follows is carried out nobody knows when.
        if entry.isEnd, let code = reply.errorCode, Self.keepsTransaction(code) { goBlind() }
    }

    private static func keepsTransaction(_ code: RedisErrorCode) -> Bool {
        let name = code.name.description
        return name != "EXECABORT" && name != "ERR"
    }

    // MARK: Holding

    func hold() {
        isHeld = true
        socket.pause()
        endIfIdle()
    }

    /// Commands are short: what has not come to its end is not waited for anyway.
    func giveUp(byForce: Bool) {
        if byForce { socket.waker.cancel() }
    }

    func release() {
        isHeld = false
        socket.resume()
    }

    func letGoOfQueued() { queued.letGo(&notes.dirty, at: socket.worker.now) }

    /// A client with nothing under way, or one that waits for something to happen, connects anew.
    private func endIfIdle() {
        if isBlind || waiting.count == 0 || exchange.isBlocked { socket.waker.cancel() }
    }

    // MARK: The end

    func ended() {
        notes.remove(self)
        if isBlind {
            notes.dirty.endWait()
            return notes.dirty.lose(notes.dirty.begin())
        }
        queued.removeAll(&notes.dirty)
        waiting.removeAll { entry in
            // One that blocks does nothing once its connection is gone, and nobody else writes while clients are held.
            let isOver = isHeld && exchange.isBlocked
            if let own = entry.kept {
                if isOver {
                    kept.answered(own, &notes.dirty)
                } else {
                    kept.lost(own, mayWait: entry.mayWait, &notes.dirty)
                }
            }
            guard let ticket = entry.ticket else { return }
            if isOver { notes.dirty.end(ticket) } else { notes.dirty.lose(ticket) }
        }
    }

    /// Follows the client no more: anything may be written until it is gone.
    private func goBlind() {
        guard !isBlind else { return }
        isBlind = true
        notes.dirty.beginWait()
        waiting.removeAll { entry in
            if let ticket = entry.ticket { notes.dirty.end(ticket) }
            if entry.kept != nil { notes.dirty.endWait() }
        }
        kept.removeAll()
        queued.removeAll(&notes.dirty)
        if isHeld { endIfIdle() }
    }
}

extension RedisWrites {
    /// What a command may write whose words are not at hand: any key, unless no form of it writes.
    fileprivate static func unread(_ request: RedisRequest) -> RedisWrites {
        neverWrites(request.command) ? .nothing : .everything
    }
}
