// A store in a temporary folder, with short ways to call it and to see all it holds.

import Capabilities
import TestSupport

@testable import EmbeddedAdapter

typealias Call = Capabilities.Operation

/// The bytes of a text.
func b(_ text: String) -> [UInt8] { Array(text.utf8) }

extension Answer {
    /// An answer of bytes.
    static func text(_ text: String) -> Answer { .bytes(b(text)) }

    /// A list of bytes.
    static func texts(_ texts: String...) -> Answer { .list(texts.map(Answer.text)) }

    /// The same with what has no order in one.
    var sorted: Answer {
        switch self {
        case .list(let list): .list(list.sorted { "\($0)" < "\($1)" })
        case .pairs(let pairs): .pairs(pairs.sorted { Bytes.compare($0.name, $1.name) < 0 })
        default: self
        }
    }
}

/// A store without upkeep of its own, at a time that the test says.
final class StoreUnderTest {
    let folder: TemporaryFolder
    private(set) var store: EmbeddedStore
    private(set) var service: EmbeddedService
    let bus = EmbeddedBus()
    var now: Int64 = 1_000_000
    var database = 0

    init(maximumMemory: Int = .max) throws {
        folder = try TemporaryFolder()
        store = try EmbeddedStore(folder.file("data"), policy: .never, maximumMemory: maximumMemory)
        service = EmbeddedService(store, bus, manifest: Manifest(adapter: "embedded"), object: nil, sql: nil)
    }

    var path: String { folder.file("data") }
    var context: CallContext { CallContext(database: database, now: now) }

    func call(_ operation: Call) throws(Failure) -> Answer { try store.perform(operation, context, service) }
    func call(_ operation: KeyValueOperation) throws(Failure) -> Answer { try call(.keyValue(operation)) }
    func call(_ operation: ListOperation) throws(Failure) -> Answer { try call(.list(operation)) }
    func call(_ operation: SetOperation) throws(Failure) -> Answer { try call(.set(operation)) }
    func call(_ operation: SortedSetOperation) throws(Failure) -> Answer { try call(.sortedSet(operation)) }
    func call(_ operation: QueueOperation) throws(Failure) -> Answer { try call(.queue(operation)) }
    func call(_ operation: LockOperation) throws(Failure) -> Answer { try call(.lock(operation)) }
    func hash(_ key: String, _ action: HashAction) throws(Failure) -> Answer {
        try call(.hash(HashOperation(b(key), action)))
    }

    // Short forms that most tests start with.
    func set(_ key: String, _ value: String, _ options: SetOptions = SetOptions()) throws {
        _ = try call(.set(key: b(key), value: b(value), options))
    }
    func push(_ key: String, _ values: String...) throws {
        _ = try call(.push(key: b(key), values: values.map(b), .right, onlyIfPresent: false))
    }
    func add(_ key: String, _ members: String...) throws { _ = try call(.add(key: b(key), members: members.map(b))) }
    func score(_ key: String, _ members: KeyValuePairs<String, Double>) throws {
        let scored = members.map { ScoredMember(b($0.key), score: $0.value) }
        _ = try call(SortedSetOperation.add(key: b(key), scored, SortedSetAddOptions()))
    }
    func get(_ key: String) throws -> Answer { try call(.get(key: b(key))) }
    func items(_ key: String) throws -> Answer { try call(.range(key: b(key), first: 0, last: -1) as ListOperation) }
    func exists(_ key: String) throws -> Bool { try call(.exists(keys: [b(key)])) == .integer(1) }

    func commit() throws { try service.commit() }

    /// Writes everything, forgets everything and loads it again.
    func reopen() throws {
        try commit()
        try reopenAsCrashed()
    }

    /// Forgets everything and loads what was written.
    func reopenAsCrashed() throws {
        // The old store has to let go of the folder first.
        let place = try TemporaryFolder()
        store = try EmbeddedStore(place.file("none"), policy: .never, maximumMemory: .max)
        service = EmbeddedService(store, bus, manifest: Manifest(adapter: "embedded"), object: nil, sql: nil)
        store = try EmbeddedStore(path, policy: .never, maximumMemory: .max)
        service = EmbeddedService(store, bus, manifest: Manifest(adapter: "embedded"), object: nil, sql: nil)
    }

    /// All that the store holds, in an order of its own.
    var contents: [String: String] { store.withState { $0.contents } }
}

extension StoreState {
    /// Everything as text, by name.
    var contents: [String: String] {
        var all: [String: String] = [:]
        for database in databases {
            database.table.forEach { entry in
                let expiry = entry.expiry == .max ? "" : " until \(entry.expiry)"
                all["\(database.number) \(entry.key)"] = "\(entry.value.contents)\(expiry)"
            }
        }
        queues.forEach { named in
            var items: [String] = []
            named.queue.items.forEach { items.append("\($0)") }
            all["queue \(named.key)"] = items.sorted().joined(separator: ", ")
        }
        locks.forEach { all["lock \($0.key)"] = "\($0)" }
        sequences.forEach { all["sequence \($0.key)"] = "\($0)" }
        all["last item"] = "\(lastItem)"
        return all
    }
}

extension Value {
    fileprivate var contents: String {
        var parts: [String] = []
        switch self {
        case .bytes, .integer: return "\(string ?? [])"
        case .hash(let hash): hash.fields.forEach { parts.append("\($0.key): \($0.value)") }
        case .list(let list): return "list " + (0..<list.items.count).map { "\(list.items[$0] ?? [])" }.joined()
        case .set(let set): set.members.forEach { parts.append("\($0.key)") }
        case .sortedSet(let set):
            return "sorted " + set.order.items(0..<set.order.count).map { "\($0.member) \($0.score)" }.joined()
        }
        return "\(typeName) " + parts.sorted().joined(separator: ", ")
    }
}
