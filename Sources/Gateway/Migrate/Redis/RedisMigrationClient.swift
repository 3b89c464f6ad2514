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
        var change: Change = .none
    }

    /// What a reply without an error changes.
    private enum Change: Equatable {
        case none
        case database(UInt32)
    }

    private unowned(unsafe) let socket: Socket
    private let notes: MigrationNotes
    @exclusivity(unchecked) private var commands = RedisPassingCommands(keeping: RedisMigrationClient.commandLimit)
    @exclusivity(unchecked) private var replies = RedisReplyFramer()
    @exclusivity(unchecked) private var exchange = RedisExchange()
    @exclusivity(unchecked) private var waiting = RedisAwaited<Waiting>()
    /// That of the writes in the open transaction.
    private var transaction: DirtyKeys.Ticket?
    /// The client's database, and the one that it has asked for.
    private var database: UInt32 = 0
    private var selected: UInt32?
    /// That of everything, once the conversation cannot be followed.
    private var blind: DirtyKeys.Ticket?
    private var isHeld = false

    /// Bytes of a command that comes in pieces that are looked at; the keys of a longer one are any.
    private static let commandLimit = 1 << 16

    init(_ socket: Socket, _ notes: MigrationNotes) {
        self.socket = socket
        self.notes = notes
        notes.add(self)
    }

    // MARK: Requests

    func received(_ bytes: Span<UInt8>) {
        guard blind == nil else { return }
        do throws(WireError) {
            try commands.pass(bytes) { event, bytes, start in
                switch event {
                case .emptyReceived: exchange.emptyReceived()
                case .commandReceived(let request): take(request, bytes, at: start)
                }
                return blind == nil
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
        case .exec, .discard, .reset:
            entry.ticket = transaction
            transaction = nil
            if request.effect == .reset { entry.change = .database(0) }
        default:
            let writes = whole.map { RedisWrites.of($0, in: bytes) } ?? .unread(request)
            if writes != .nothing {
                let ticket = wasInTransaction ? transaction ?? notes.dirty.begin() : notes.dirty.begin()
                if wasInTransaction { transaction = ticket } else { entry.ticket = ticket }
                note(writes, whole, bytes, ticket)
            }
        }
        if request.command == .select {
            let number = whole.flatMap { Self.number($0.value(1, in: bytes)) }
            // One that cannot be read is refused, or not known here: then any database may be meant.
            entry.change = number.map { .database($0) } ?? .none
        }
        if case .database(let number) = entry.change { selected = number }
        waiting.append(entry.ticket == nil && entry.change == .none ? nil : entry)
        if exchange.pendingCount != waiting.count { goBlind() }
    }

    private static func number(_ digits: [UInt8]) -> UInt32? {
        guard (1...9).contains(digits.count), digits.allSatisfy(\.isASCIIDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + UInt32($1 & 15) }
    }

    private func note(
        _ writes: RedisWrites, _ whole: RedisWholeCommand?, _ bytes: Span<UInt8>, _ ticket: DirtyKeys.Ticket
    ) {
        guard case .keys(let keys) = writes, let whole else { return notes.dirty.noteEverything(ticket) }
        var cursor = RedisKeyCursor(keys, of: whole, in: bytes)
        while let range = cursor.next(in: bytes) {
            notes.dirty.note(bytes.extracting(range), database: database, ticket)
            if let selected, selected != database {
                notes.dirty.note(bytes.extracting(range), database: selected, ticket)
            }
        }
    }

    // MARK: Replies

    func sent(_ bytes: Span<UInt8>) {
        guard blind == nil else { return }
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
        guard let entry = waiting.removeFirst() else { return }
        if let ticket = entry.ticket { notes.dirty.end(ticket) }
        if case .database(let number) = entry.change {
            if !reply.isError { database = number }
            if selected == number { selected = nil }
        }
    }

    // MARK: Holding

    func hold() {
        isHeld = true
        socket.pause()
        endIfIdle()
    }

    /// Commands are short: what has not come to its end is not waited for anyway.
    func giveUp() {}

    func release() {
        isHeld = false
        socket.resume()
    }

    /// A client with nothing under way, or one that waits for something to happen, connects anew.
    private func endIfIdle() {
        if blind != nil || waiting.count == 0 || exchange.isBlocked { socket.waker.cancel() }
    }

    // MARK: The end

    func ended() {
        notes.remove(self)
        if let blind { return notes.dirty.lose(blind) }
        if let transaction { notes.dirty.end(transaction) }
        waiting.removeAll { entry in
            guard let ticket = entry.ticket else { return }
            // One that blocks does nothing once its connection is gone, and nobody else writes while clients are held.
            if isHeld, exchange.isBlocked { notes.dirty.end(ticket) } else { notes.dirty.lose(ticket) }
        }
    }

    /// Follows the client no more: anything may be written until it is gone.
    private func goBlind() {
        guard blind == nil else { return }
        let ticket = notes.dirty.begin()
        notes.dirty.noteEverything(ticket)
        blind = ticket
        waiting.removeAll { entry in if let ticket = entry.ticket { notes.dirty.end(ticket) } }
        if let transaction { notes.dirty.end(transaction) }
        transaction = nil
        if isHeld { endIfIdle() }
    }
}

extension RedisWrites {
    /// What a command may write whose words are not at hand: any key, unless no form of it writes.
    fileprivate static func unread(_ request: RedisRequest) -> RedisWrites {
        neverWrites(request.command) ? .nothing : .everything
    }
}
