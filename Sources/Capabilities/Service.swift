// What an adapter implements: a service for each worker, with a protocol for each family.

/// A backend as one worker uses it.
///
/// The gateway makes one service on each worker and calls it on that worker's thread only, so a service keeps its
/// state without locks; it is `Sendable` because sessions are tasks, and a class that holds state says `@unchecked`.
/// A family that is nil is refused, whatever the manifest says.
public protocol Service: AnyObject, Sendable {
    /// What this deployment can do: the adapter's manifest, narrowed by what was learned when it connected.
    var manifest: Manifest { get }
    /// Grows whenever ``manifest`` becomes another one, because the backend was reached at last or came back changed.
    var manifestRevision: Int { get }

    var keyValue: (any KeyValueService)? { get }
    var hash: (any HashService)? { get }
    var list: (any ListService)? { get }
    var set: (any SetService)? { get }
    var sortedSet: (any SortedSetService)? { get }
    var bus: (any BusService)? { get }
    var queue: (any QueueService)? { get }
    var lock: (any LockService)? { get }
    var sequence: (any SequenceService)? { get }
    var transactions: (any TransactionService)? { get }
    var object: (any ObjectService)? { get }
    var sql: (any SQLService)? { get }

    /// Whether the service has `operation`; asked only of operations that need an incomplete capability of ``manifest``.
    func performs(_ operation: Operation) -> Bool

    /// Whether `operation` is answered without ever suspending; the caller then awaits it in place.
    func answersAtOnce(_ operation: Operation) -> Bool

    /// Performs `operation` without suspending; nil, with nothing done, when it is to be awaited through
    /// `perform`. It spares the caller the frames of an asynchronous call for each operation.
    func performAtOnce(_ operation: Operation, _ context: CallContext) throws(Failure) -> Answer?

    /// Begins `operation` and returns; its caller hears through `pending` what came of it. False, with nothing done, when
    /// it is to be awaited through `perform`: because it takes several steps, or cannot promise to follow others.
    ///
    /// It spares the caller a task for each operation of a pipeline. A service that awaits one exchange for an operation
    /// has no reason not to have it.
    func begin(_ operation: Operation, _ context: CallContext, _ pending: PendingOperation) -> Bool

    /// Performs one operation; the families' own protocols say how. Implemented for every service; a service whose
    /// families are one type can have it shorter.
    func perform(_ operation: Operation, _ context: CallContext) async throws(Failure) -> Answer

    /// The databases that hold keys, at a time in milliseconds since 1970; nil where that would take looking at each key.
    func keyspaces(_ now: Int64) -> [KeyspaceFacts]?

    /// Called after operations and before their answers leave, once for all that were performed in a turn of the worker's
    /// loop: a service that answers only what is written puts the turn's writes into one call here.
    func commit() throws(Failure)

    /// Called on the worker's thread when the gateway stops.
    func close() async
}

/// Keys and values that are bytes.
public protocol KeyValueService: AnyObject, Sendable {
    func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer
}

/// Hashes.
public protocol HashService: AnyObject, Sendable {
    func perform(_ operation: HashOperation, _ context: CallContext) async throws(Failure) -> Answer
}

/// Lists.
public protocol ListService: AnyObject, Sendable {
    func perform(_ operation: ListOperation, _ context: CallContext) async throws(Failure) -> Answer
}

/// Sets.
public protocol SetService: AnyObject, Sendable {
    func perform(_ operation: SetOperation, _ context: CallContext) async throws(Failure) -> Answer
}

/// Sorted sets.
public protocol SortedSetService: AnyObject, Sendable {
    func perform(_ operation: SortedSetOperation, _ context: CallContext) async throws(Failure) -> Answer
}

/// A bus: messages to whoever listens now.
public protocol BusService: AnyObject, Sendable {
    /// How many subscribers it reached, as far as the backend knows.
    func publish(_ payload: [UInt8], to channel: [UInt8]) async throws(Failure) -> Int64
    /// Answers as ``BusInspection`` says.
    func inspect(_ inspection: BusInspection) async throws(Failure) -> Answer
    /// Lets `sink` have every message of `topic` from the return on.
    func subscribe(_ sink: any MessageSink, to topic: BusTopic) async throws(Failure)
    /// Ends it; nothing of the topic reaches the sink after the return.
    func unsubscribe(_ sink: any MessageSink, from topic: BusTopic) async throws(Failure)
}

/// Whoever takes the messages of subscriptions, always on the worker's thread that subscribed.
public protocol MessageSink: AnyObject, Sendable {
    func messageReceived(_ message: BusMessage)
    /// Subscriptions of this sink are lost, and messages may be missing from here on.
    func subscriptionsLost(_ failure: Failure)
}

/// Queues.
public protocol QueueService: AnyObject, Sendable {
    func perform(_ operation: QueueOperation, _ context: CallContext) async throws(Failure) -> Answer
}

/// Locks.
public protocol LockService: AnyObject, Sendable {
    func perform(_ operation: LockOperation, _ context: CallContext) async throws(Failure) -> Answer
}

/// Sequences.
public protocol SequenceService: AnyObject, Sendable {
    /// Reserves `count` numbers and gives the last one; the first number ever is 1.
    func next(_ name: [UInt8], count: Int64) async throws(Failure) -> Int64
}

/// Several operations as one.
public protocol TransactionService: AnyObject, Sendable {
    /// What each key is now, whether or not it is there: two equal marks mean that nothing has touched the key between.
    func marks(of keys: [[UInt8]], _ context: CallContext) async throws(Failure) -> [Version]
    /// Performs all of `operations`, in order and without anything in between, if every watched key is as it was marked;
    /// nil when one is not. An operation that fails does not keep the others from being done. None of them waits.
    func perform(
        _ operations: [TransactionStep], ifUnchanged watched: [WatchedKey], _ context: CallContext
    ) async throws(Failure) -> [Result<Answer, Failure>]?
}

/// An operation of a transaction and the database it is for.
public struct TransactionStep: Sendable, Equatable {
    public var operation: Operation
    public var database: Int

    public init(_ operation: Operation, database: Int) {
        self.operation = operation
        self.database = database
    }
}

/// A key and the mark it had when it was watched.
public struct WatchedKey: Sendable, Equatable {
    public var key: [UInt8]
    public var database: Int
    public var mark: Version

    public init(_ key: [UInt8], database: Int, mark: Version) {
        self.key = key
        self.database = database
        self.mark = mark
    }
}

extension Service {
    public var manifestRevision: Int { 0 }
    public var keyValue: (any KeyValueService)? { nil }
    public var hash: (any HashService)? { nil }
    public var list: (any ListService)? { nil }
    public var set: (any SetService)? { nil }
    public var sortedSet: (any SortedSetService)? { nil }
    public var bus: (any BusService)? { nil }
    public var queue: (any QueueService)? { nil }
    public var lock: (any LockService)? { nil }
    public var sequence: (any SequenceService)? { nil }
    public var transactions: (any TransactionService)? { nil }
    public var object: (any ObjectService)? { nil }
    public var sql: (any SQLService)? { nil }

    public func performs(_ operation: Operation) -> Bool { true }
    public func answersAtOnce(_ operation: Operation) -> Bool { false }
    public func performAtOnce(_ operation: Operation, _ context: CallContext) throws(Failure) -> Answer? { nil }
    public func begin(_ operation: Operation, _ context: CallContext, _ pending: PendingOperation) -> Bool { false }
    public func keyspaces(_ now: Int64) -> [KeyspaceFacts]? { nil }
    public func commit() throws(Failure) {}
    public func close() async {}

    public func perform(_ operation: Operation, _ context: CallContext) async throws(Failure) -> Answer {
        switch operation {
        case .keyValue(let operation): if let keyValue { return try await keyValue.perform(operation, context) }
        case .hash(let operation): if let hash { return try await hash.perform(operation, context) }
        case .list(let operation): if let list { return try await list.perform(operation, context) }
        case .set(let operation): if let set { return try await set.perform(operation, context) }
        case .sortedSet(let operation): if let sortedSet { return try await sortedSet.perform(operation, context) }
        case .publish(let channel, let payload):
            if let bus { return .integer(try await bus.publish(payload, to: channel)) }
        case .inspectBus(let inspection): if let bus { return try await bus.inspect(inspection) }
        case .queue(let operation): if let queue { return try await queue.perform(operation, context) }
        case .lock(let operation): if let lock { return try await lock.perform(operation, context) }
        case .sequence(let name, let count):
            if let sequence { return .integer(try await sequence.next(name, count: count)) }
        }
        throw .refused(operation.needs.members.first ?? .keyValueGet, reason: "this adapter has no such family")
    }
}
