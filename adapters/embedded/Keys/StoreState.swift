// Everything the store holds, and how an operation finds its place in it; all under the store's lock.

import Capabilities

/// The state behind the store's lock.
final class StoreState {
    static let databaseCount = 16

    @exclusivity(unchecked) private(set) var databases: [Database] = []
    @exclusivity(unchecked) var journal = Journal()
    @exclusivity(unchecked) var random: RandomSource
    /// Bytes of memory that keys, values and queues take, roughly.
    @exclusivity(unchecked) var memory = 0
    /// Above so many bytes nothing is added any more.
    @exclusivity(unchecked) var maximumMemory = Int.max
    /// Grows with each snapshot: collections of an earlier generation may be read by it and are copied before a change.
    @exclusivity(unchecked) var generation: UInt64 = 0
    /// How often the store was started; in the high bits of versions, so that none comes twice.
    @exclusivity(unchecked) var run: UInt64 = 0
    @exclusivity(unchecked) private var changes: UInt64 = 0

    @exclusivity(unchecked) var waiting = WaitingRoom()
    @exclusivity(unchecked) var queues = ByteTable<NamedQueue>()
    @exclusivity(unchecked) var locks = ByteTable<HeldLock>()
    @exclusivity(unchecked) var sequences = ByteTable<NumberSequence>()
    @exclusivity(unchecked) var lastItem: UInt64 = 0

    init() {
        var system = SystemRandomNumberGenerator()
        random = RandomSource(seed: system.next())
        databases = (0..<Self.databaseCount).map { Database(number: $0, state: self) }
    }

    /// The number of a change; it has never been given out before, in this run or an earlier one.
    @inline(__always)
    func nextVersion() -> UInt64 {
        changes += 1
        return run << 44 | changes
    }

    func database(_ number: Int) throws(Failure) -> Database {
        guard number >= 0, number < databases.count else { throw .invalid("DB index is out of range") }
        return databases[number]
    }

    /// Performs an operation that does not wait, and serves those who wait for what it brought.
    func perform(_ operation: Operation, _ context: CallContext) throws(Failure) -> Answer {
        if waiting.isEmpty { return try performAlone(operation, context) }
        defer { serveWaiters(context.now) }
        return try performAlone(operation, context)
    }

    /// The same without serving anybody: transactions do that once, at their end.
    func performAlone(_ operation: Operation, _ context: CallContext) throws(Failure) -> Answer {
        if memory > maximumMemory, operation.mayGrowMemory {
            throw .backend("OOM command not allowed when used memory > 'maxmemory'.")
        }
        switch operation {
        case .keyValue(let operation): return try database(context.database).perform(operation, context.now)
        case .hash(let operation): return try database(context.database).perform(operation, context.now)
        case .list(let operation): return try database(context.database).perform(operation, context.now)
        case .set(let operation): return try database(context.database).perform(operation, context.now)
        case .sortedSet(let operation): return try database(context.database).perform(operation, context.now)
        case .queue(let operation): return try perform(operation, context.now)
        case .lock(let operation): return try perform(operation, context.now)
        case .sequence(let name, let count): return .integer(try next(name, count))
        case .publish, .inspectBus: throw .refused(.busPublish, reason: "the store has no bus; the service has")
        }
    }

    /// A key got a list or a sorted set where there was none.
    @inline(__always)
    func keyAppeared(_ key: [UInt8], in database: Int) {
        if !waiting.isEmpty { waiting.noteReady(WaitingRoom.name(key, in: database)) }
    }

    /// Deletes what has expired and frees queue items whose time has come, a little of it; whether there may be more.
    func keep(_ now: Int64) -> Bool {
        var mayHaveMore = false
        dropExpiredLocks(now)
        for database in databases where database.sweep(now, chunks: 8, deletions: 64) { mayHaveMore = true }
        if !waiting.isEmpty {
            waiting.noteQueues()
            serveWaiters(now)
        }
        return mayHaveMore
    }
}

extension Operation {
    /// Whether a bound on memory that has been passed refuses it.
    fileprivate var mayGrowMemory: Bool {
        switch self {
        case .keyValue(let operation):
            switch operation {
            case .set, .setMany, .append, .overwrite, .increment, .incrementFloat, .copy: true
            default: false
            }
        case .hash(let operation):
            switch operation.action {
            case .set, .setIfAbsent, .increment, .incrementFloat: true
            default: false
            }
        case .list(let operation):
            switch operation {
            case .push, .setItem, .insert, .move: true
            default: false
            }
        case .set(let operation):
            switch operation {
            case .add: true
            case .combine(_, _, let store): store != nil
            default: false
            }
        case .sortedSet(let operation):
            switch operation {
            case .add, .storeRange: true
            case .combine(_, _, _, _, let store): store != nil
            default: false
            }
        case .queue(.put), .lock(.acquire): true
        default: false
        }
    }
}
