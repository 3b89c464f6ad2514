// What the open transaction of one client will change once its EXEC is sent.

import Migration
import RedisWire

/// Keeps the keys of queued commands beside the generations of ``DirtyKeys``: a client may think for hours before EXEC.
///
/// What does not fit in holds a generation, as a write does that is under way, until it is asked to let go of it.
struct RedisQueuedWrites {
    private var keys = WaitingKeys()
    private var isEverything = false
    /// What holds the keys that have found no room, since ``heldSince``.
    private var ticket: DirtyKeys.Ticket?
    private var heldSince: UInt64 = 0

    /// Nanoseconds for which keys that have found no room may hold back those of others.
    private static let holdLimit: UInt64 = 1_000_000_000

    private var isEmpty: Bool { keys.count == 0 && !isEverything && ticket == nil }

    /// A command was sent that is queued, at `now` of the worker's clock.
    mutating func add(
        _ writes: RedisWrites, _ command: RedisWholeCommand?, _ bytes: Span<UInt8>, _ database: RedisClientDatabase,
        _ dirty: inout DirtyKeys, at now: UInt64
    ) {
        guard !isEverything else { return }
        guard case .keys(let names) = writes, let command, let count = database.count else {
            removeAll(&dirty)
            isEverything = true
            return
        }
        var cursor = RedisKeyCursor(names, of: command, in: bytes)
        while let range = cursor.next(in: bytes) {
            let key = bytes.extracting(range)
            for place in 0..<count {
                if ticket == nil, keys.append(key, database: database[place]) { continue }
                dirty.note(key, database: database[place], hold(&dirty, at: now))
            }
        }
    }

    /// The ticket of what finds no room, with all that was kept until then.
    private mutating func hold(_ dirty: inout DirtyKeys, at now: UInt64) -> DirtyKeys.Ticket {
        if let ticket { return ticket }
        let held = dirty.begin()
        keys.removeFirst(keys.count) { database, key in dirty.note(key, database: database, held) }
        ticket = held
        heldSince = now
        return held
    }

    /// Others are held back: what has long been held is let go, and its EXEC may change everything.
    mutating func letGo(_ dirty: inout DirtyKeys, at now: UInt64) {
        guard ticket != nil, now &- heldSince > Self.holdLimit else { return }
        removeAll(&dirty)
        isEverything = true
    }

    /// EXEC is about to be sent: the ticket of what it changes; nil where that is nothing.
    mutating func sent(_ dirty: inout DirtyKeys) -> DirtyKeys.Ticket? {
        guard !isEmpty else { return nil }
        defer { isEverything = false }
        let sent = ticket ?? dirty.begin()
        ticket = nil
        keys.removeFirst(keys.count) { database, key in dirty.note(key, database: database, sent) }
        if isEverything { dirty.noteEverything(sent) }
        return sent
    }

    /// The same behind a command that may wait at the server: what it changes is kept with what else waits.
    mutating func sent(behindWaiting kept: inout RedisKeptWrites, _ dirty: inout DirtyKeys) -> RedisKeptWrites.Kept? {
        guard !isEmpty else { return nil }
        let isKnown = ticket == nil && !isEverything
        defer { removeAll(&dirty) }
        return kept.keep(isKnown ? keys : nil, &dirty)
    }

    /// Nothing of it is carried out: DISCARD, or the client is gone.
    mutating func removeAll(_ dirty: inout DirtyKeys) {
        if let ticket { dirty.end(ticket) }
        ticket = nil
        isEverything = false
        keys.removeAll()
    }
}
