// A driver without a wire: its targets are stores in this process, some of them wrong on purpose.

import Conformance
import Synchronization

/// A store that a target's host names; what is wrong with it, its name says.
final class ModelStore: Sendable {
    let values = Mutex<[String: String]>([:])
    let isUp = Mutex(true)
}

/// Serves `get`, `put`, `add`, `names`, `hang`, `leave`, `refuse` and `size`.
final class ModelDriver: Driver {
    let wire = "redis"
    let clients = ["hiredis", "raw"]
    let types: Set<String> = ["simple", "error"]
    let actions: Set<String> = ["get", "put", "add", "names", "hang", "leave", "refuse", "size"]
    /// The stores by their hosts.
    let stores: [String: ModelStore]
    /// The cases in the order in which they were opened, and the scopes that were closed.
    let opened = Mutex<[String]>([])
    let closed = Mutex<[String]>([])

    init(_ hosts: String...) {
        stores = Dictionary(uniqueKeysWithValues: hosts.map { ($0, ModelStore()) })
    }

    func check(_ action: Tree, client: String) throws(SuiteProblem) {
        for entry in action.entries ?? [] where !actions.contains(entry.key) {
            throw SuiteProblem(entry.value, "the key \"\(entry.key)\" is not known")
        }
    }

    func survey(_ target: Target, deadline: Deadline) throws(DriverFailure) -> TargetFacts {
        guard stores[target.host]?.isUp.withLock({ $0 }) == true else {
            throw DriverFailure(.unreachable, "it is down")
        }
        return TargetFacts(product: "model", version: "7.0.15", features: ["small"])
    }

    func variables(of scope: Scope) -> [String: String] { ["p": "\(scope.run):\(scope.number):"] }

    func open(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure) {
        opened.withLock { $0.append(scope.name) }
    }

    func close(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure) {
        closed.withLock { $0.append(scope.name) }
        let prefix = "\(scope.run):\(scope.number):"
        stores[target.host]?.values.withLock { $0 = $0.filter { !$0.key.hasPrefix(prefix) } }
    }

    func connect(
        _ target: Target, client: String, options: Tree?, scope: Scope, deadline: Deadline
    ) throws(DriverFailure) -> any DriverConnection {
        guard let store = stores[target.host], store.isUp.withLock({ $0 }) else {
            throw DriverFailure(.unreachable, "nobody listens")
        }
        if let capability = options?["refused"]?.text {
            throw DriverFailure(
                .unreachable, "the login is refused", answer: .typed("error", .text("UNSUPPORTED \(capability)")))
        }
        return ModelConnection(store, target.host)
    }

    func refusedCapability(in value: Value) -> String? {
        guard case .typed("error", let text) = value, let text = text.asText, text.hasPrefix("UNSUPPORTED ") else {
            return nil
        }
        return String(text.dropFirst(12))
    }
}

/// A connection to a store.
final class ModelConnection: DriverConnection {
    private let store: ModelStore
    /// Whether one addition in ten is lost.
    private let isForgetful: Bool
    /// Whether names come in the opposite of their order.
    private let isBackward: Bool

    init(_ store: ModelStore, _ host: String) {
        self.store = store
        isForgetful = host == "forgetful"
        isBackward = host == "backward"
    }

    func perform(_ action: Tree, deadline: Deadline, evidence: inout Evidence) throws(DriverFailure) -> Value {
        guard let entry = action.entries?.first, let key = entry.value.text ?? entry.value.list?.first?.text else {
            throw DriverFailure(.mistaken, "no action")
        }
        evidence.sent(Array("\(entry.key) \(key)".utf8))
        switch entry.key {
        case "get": return store.values.withLock { $0[key].map { .text($0) } ?? .null }
        case "put":
            let value = entry.value.list?.last?.text ?? ""
            store.values.withLock { $0[key] = value }
            return .typed("simple", .text("OK"))
        case "add":
            return store.values.withLock { values in
                let sum = (values[key].flatMap { Int64($0) } ?? 0) + 1
                if !isForgetful || sum % 10 != 0 { values[key] = "\(sum)" }
                return .integer(sum)
            }
        case "names":
            let names = store.values.withLock { $0.keys.filter { $0.hasPrefix(key) }.sorted() }
            return .typed("simple", .list((isBackward ? names.reversed() : names).map { .text($0) }))
        case "hang":
            while !deadline.hasPassed {}
            throw DriverFailure(.timedOut, "nothing came")
        case "leave":
            store.isUp.withLock { $0 = false }
            throw DriverFailure(.closed, "it left")
        case "size": return (Int64(key) ?? 0) <= 1000 ? .typed("simple", .text("OK")) : .typed("error", .text("big"))
        default: return .typed("error", .text("UNSUPPORTED kv.\(key)"))
        }
    }

    func close() {}
    func cut() {}
}
