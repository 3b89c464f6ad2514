// Things that clients do with lists, counters and conditional sets, on backends with queues, sequences and locks instead.

import Capabilities
import RedisWire

/// A command that takes several operations, or knowledge that the session keeps.
enum RedisIdiom: Sendable, Equatable {
    /// A script that is known by its text: `integer`.
    case script(RedisLoadedScript, key: [UInt8], arguments: [[UInt8]])
    /// Keeps a known script to be called by its digest: `bytes`, the digest.
    case loadScript(RedisLoadedScript)
    /// Forgets the scripts that were loaded: `done`.
    case forgetScripts
    /// Takes an item off a queue for good: `taken` with the item, or `missing`.
    case take(queue: [UInt8], wait: Wait?)
    /// Takes an item and keeps it reserved under the name of a list: `bytes`, or `missing`. From a list under which the
    /// session has items reserved already it gives one back instead.
    case reserve(queue: [UInt8], under: [UInt8], wait: Wait?)
    /// Acknowledges items that are reserved under the name of a list, so many at most and all when zero: `integer`, how many.
    case acknowledge(under: [UInt8], payload: [UInt8], count: Int64)
    /// Takes a lock in place of a conditional set: `flag`, whether it is this connection's.
    case takeLock(name: [UInt8], owner: [UInt8], milliseconds: Int64)
    /// Deletes keys and ends locks of these names: `integer`, how many there were.
    case deleteWithLocks([[UInt8]])

    /// Whether it may wait for something to happen.
    var waits: Bool {
        switch self {
        case .take(_, let wait), .reserve(_, _, let wait): wait != nil
        case .script, .loadScript, .forgetScripts, .acknowledge, .takeLock, .deleteWithLocks: false
        }
    }
}

extension RedisIdiom {
    /// What stands for `operation` on a backend without lists or conditional sets; nil when nothing does.
    ///
    /// A list is a queue when it is pushed to at one end, taken from at the other, and items that are moved to a second
    /// list are removed from it when they are done, or moved back. A key that is only counted up is a sequence.
    ///
    /// `permits` says what the backend can do, in one way or another.
    static func standIn(
        for operation: Operation, now: Int64, _ permits: (Capability) -> Bool
    ) -> RedisTranslation? {
        switch operation {
        case .keyValue(.set(let key, let value, let options)):
            guard !permits(.keyValueConditionalSet), permits(.lockAcquire), options.condition == .absent,
                !options.returnsOld, case .at(let time) = options.expiry
            else { return nil }
            return .idiom(.takeLock(name: key, owner: value, milliseconds: max(1, time - now)), .held)
        case .keyValue(.increment(let name, let count)):
            guard count > 0, !permits(.keyValueIncrement), permits(.sequenceNext) else { return nil }
            return .perform(.sequence(name: name, count: count), .integer)
        case .list(let operation):
            guard !permits(.listPush), permits(.queuePut) else { return nil }
            return standIn(for: operation)
        default: return nil
        }
    }

    private static func standIn(for operation: ListOperation) -> RedisTranslation? {
        switch operation {
        case .push(let key, let values, .left, false):
            guard values.count == 1 else { return nil }
            return .perform(.queue(.put(queue: key, payload: values[0], delayMilliseconds: 0)), .queued)
        case .pop(let key, .right, nil): return .idiom(.take(queue: key, wait: nil), .takenItem)
        case .popFirst(let keys, .right, 1, let wait):
            guard keys.count == 1 else { return nil }
            return .idiom(.take(queue: keys[0], wait: wait), .takenFirst)
        case .move(let from, let to, .right, .left, let wait):
            return .idiom(.reserve(queue: from, under: to, wait: wait), wait == nil ? .bulk : .waitedFor)
        case .remove(let key, let value, let count):
            return .idiom(.acknowledge(under: key, payload: value, count: count), .integer)
        default: return nil
        }
    }
}

/// An item that a session has reserved, and where.
struct RedisReservedItem: Equatable {
    let queue: [UInt8]
    let id: [UInt8]
    let payload: [UInt8]
}

extension RedisTranslator {
    /// How long an item stays reserved before others can have it.
    private static let visibility: Int64 = 60_000
    /// Items that one session may have reserved.
    private static let reservedAtMost = 4096

    /// Performs an idiom's operations.
    func perform(_ idiom: RedisIdiom, _ call: CallContext) async -> Result<Answer, Failure> {
        do throws(Failure) {
            switch idiom {
            case .script(let script, let key, let arguments):
                return .success(.integer(try await isDone(script.meaning, key, arguments, call) ? 1 : 0))
            case .loadScript(let script):
                context.scripts.load(script)
                return .success(.bytes(script.digest))
            case .forgetScripts:
                context.scripts.removeAll()
                return .success(.done)
            case .take(let queue, let wait):
                guard let item = try await reserve(queue, wait, call) else { return .success(.missing) }
                _ = try await gate.perform(.queue(.acknowledge(queue: queue, id: item.id)), call)
                return .success(.taken(key: queue, .list([.bytes(item.payload)])))
            case .reserve(let queue, let list, let wait):
                if reserved[queue] != nil { return .success(try await giveBack(from: queue, to: list, call)) }
                guard reserved.reduce(0, { $0 + $1.value.count }) < Self.reservedAtMost else {
                    throw .invalid("a session may hold \(Self.reservedAtMost) items that it has not removed yet")
                }
                guard let item = try await reserve(queue, wait, call) else { return .success(.missing) }
                reserved[list, default: []].append(item)
                return .success(.bytes(item.payload))
            case .acknowledge(let list, let payload, let count):
                return .success(.integer(try await acknowledge(list, payload, count, call)))
            case .takeLock(let name, let owner, let milliseconds):
                return .success(try await takeLock(name, owner: owner, milliseconds: milliseconds, call))
            case .deleteWithLocks(let keys): return .success(try await deleteWithLocks(keys, call))
            }
        } catch {
            return .failure(error)
        }
    }

    /// Acknowledges up to `count` equal items, all when zero, in the order in which they were reserved.
    ///
    /// One whose time was over is no longer this client's, and does not count.
    private func acknowledge(
        _ list: [UInt8], _ payload: [UInt8], _ count: Int64, _ call: CallContext
    ) async throws(Failure) -> Int64 {
        var done: Int64 = 0
        while count == 0 || UInt64(done) < count.magnitude {
            guard let place = reserved[list]?.firstIndex(where: { $0.payload == payload }),
                let item = reserved[list]?.remove(at: place)
            else { break }
            if reserved[list]?.isEmpty == true { reserved[list] = nil }
            let answer = try await gate.perform(.queue(.acknowledge(queue: item.queue, id: item.id)), call)
            if answer == .flag(true) { done += 1 }
        }
        return done
    }

    /// Gives back the item that was reserved first.
    ///
    /// One whose time is over has come back by itself, and the next is tried.
    private func giveBack(
        from list: [UInt8], to queue: [UInt8], _ call: CallContext
    ) async throws(Failure) -> Answer {
        while let item = reserved[list]?.first {
            guard item.queue == queue else {
                throw .refused(.listMove, reason: "a reserved item goes back to the queue that it was taken from")
            }
            let release = QueueOperation.release(queue: queue, id: item.id, delayMilliseconds: 0)
            let answer = try await gate.perform(.queue(release), call)
            reserved[list]?.removeFirst()
            if reserved[list]?.isEmpty == true { reserved[list] = nil }
            if answer == .flag(true) { return .bytes(item.payload) }
        }
        return .missing
    }

    private func reserve(
        _ queue: [UInt8], _ wait: Wait?, _ call: CallContext
    ) async throws(Failure) -> RedisReservedItem? {
        let reserve = QueueOperation.reserve(queue: queue, visibilityMilliseconds: Self.visibility, wait: wait)
        switch try await gate.perform(.queue(reserve), call) {
        case .pairs(let pairs):
            return pairs.first.map { RedisReservedItem(queue: queue, id: $0.name, payload: $0.value) }
        case .missing: return nil
        default: throw .protocolBroken("its answer does not fit the command")
        }
    }
}
