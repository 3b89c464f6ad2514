// What commands of one client may change that may wait at the server, or stand behind one that does.

import Migration
import RedisWire

/// Keeps the keys of such commands beside the generations of ``DirtyKeys`` until they are answered.
struct RedisKeptWrites {
    /// What one command may change.
    enum Kept {
        /// So many of the keys, behind those of the commands before it.
        case keys(Int)
        case everything
    }

    private var keys = WaitingKeys()

    /// Keeps what `command` may change; nil when there is no room for its keys.
    mutating func keep(
        _ writes: RedisWrites, _ command: RedisWholeCommand?, _ bytes: Span<UInt8>, _ database: RedisClientDatabase,
        _ dirty: inout DirtyKeys
    ) -> Kept? {
        guard case .keys(let names) = writes, let command, let count = database.count else {
            dirty.beginWait()
            return .everything
        }
        var kept = 0
        var cursor = RedisKeyCursor(names, of: command, in: bytes)
        while let range = cursor.next(in: bytes) {
            for place in 0..<count {
                guard keys.append(bytes.extracting(range), database: database[place]) else {
                    keys.removeLast(kept)
                    return nil
                }
                kept += 1
            }
        }
        dirty.beginWait()
        return .keys(kept)
    }

    /// Keeps `queued`, which one command may change; everything where it is nil or there is no room.
    mutating func keep(_ queued: WaitingKeys?, _ dirty: inout DirtyKeys) -> Kept {
        dirty.beginWait()
        guard let queued, keys.append(all: queued) else { return .everything }
        return .keys(queued.count)
    }

    /// The oldest command of which something is kept is answered.
    mutating func answered(_ kept: Kept, _ dirty: inout DirtyKeys) {
        dirty.endWait()
        let ticket = dirty.begin()
        switch kept {
        case .keys(let count):
            keys.removeFirst(count) { database, key in dirty.note(key, database: database, ticket) }
        case .everything: dirty.noteEverything(ticket)
        }
        dirty.end(ticket)
    }

    /// The client of that command is gone.
    ///
    /// - Parameter mayWait: whether it is one that may wait. Then the server carries it out at once, together with the write of
    ///   another client that is noted by itself, or not at all; any other may be carried out later than anything that is known here.
    mutating func lost(_ kept: Kept, mayWait: Bool, _ dirty: inout DirtyKeys) {
        dirty.endWait()
        switch kept {
        case .keys(let count) where mayWait:
            keys.removeFirst(count) { database, key in dirty.noteTwice(key, database: database) }
        case .keys(let count):
            keys.removeFirst(count) { _, _ in }
            dirty.lose(dirty.begin())
        case .everything: dirty.lose(dirty.begin())
        }
    }

    /// Nothing of it matters any more.
    mutating func removeAll() { keys.removeAll() }
}
