// Transactions of Dapr's state stores: sets and deletes, each held to an ETag where one is known.

import Capabilities

extension DaprDialect {
    /// A mark of a key that is not there; ETags are not empty.
    private static let absent = Version([])

    func marks(of keys: [[UInt8]]) async throws(Failure) -> [Version] {
        let items = try await read(keys)
        return keys.map { key in items[key]?.etag.map { Version(Array($0.utf8)) } ?? Self.absent }
    }

    func transact(
        _ steps: [TransactionStep], _ watched: [WatchedKey], _ context: CallContext
    ) async throws(Failure) -> [Result<Answer, Failure>]? {
        guard steps.allSatisfy({ $0.database == 0 }), watched.allSatisfy({ $0.database == 0 }) else {
            throw .refused(.keyValueDatabases, reason: "Dapr's state stores have one database")
        }
        guard !steps.isEmpty else { return try await areUnchanged(watched) ? [] : nil }
        for _ in 0..<Self.tries {
            let present = try await read(steps.flatMap(\.deletedKeys))
            var plan = DaprPlan(self, present: present, context)
            try plan.watch(watched)
            for step in steps { try plan.add(step) }
            guard !plan.isChanged else { return nil }
            try plan.checkWatched()
            if plan.request.operations.isEmpty { return plan.answers }
            do throws(DaprFailure) {
                try await transact(plan.request)
                return plan.answers
            } catch {
                guard case .etag(.mismatch) = error else { throw error.failure }
                // Either a watched key has changed, or one that was only read to count what is deleted.
                guard try await areUnchanged(watched) else { return nil }
            }
        }
        throw .backend("the keys were changed again and again while the transaction was to be done")
    }

    private func areUnchanged(_ watched: [WatchedKey]) async throws(Failure) -> Bool {
        guard !watched.isEmpty else { return true }
        return try await marks(of: watched.map(\.key)) == watched.map(\.mark)
    }
}

extension TransactionStep {
    fileprivate var deletedKeys: [[UInt8]] {
        if case .keyValue(.delete(let keys)) = operation { keys } else { [] }
    }
}

/// The calls and answers of one try.
private struct DaprPlan {
    private let dialect: DaprDialect
    private let present: [[UInt8]: DaprDialect.Item]
    private let context: CallContext
    /// The ETags that watched keys must have; taken out when the key is written.
    private var watched: [[UInt8]: String] = [:]
    /// Whether a key is there after the steps so far, for those that one of them wrote.
    private var written: [[UInt8]: Bool] = [:]
    private(set) var request = DaprTransactionalStateRequest()
    private(set) var answers: [Result<Answer, Failure>] = []
    /// Whether a watched key is not as it was marked.
    private(set) var isChanged = false

    init(_ dialect: DaprDialect, present: [[UInt8]: DaprDialect.Item], _ context: CallContext) {
        self.dialect = dialect
        self.present = present
        self.context = context
    }

    mutating func watch(_ keys: [WatchedKey]) throws(Failure) {
        for key in keys {
            let etag = try dialect.etag(key.mark)
            guard !etag.isEmpty else {
                throw .refused(.keyValueTransaction, reason: "Dapr cannot watch a key that is not there")
            }
            watched[key.key] = etag
        }
    }

    mutating func add(_ step: TransactionStep) throws(Failure) {
        switch step.operation {
        case .keyValue(.set(let key, let value, let options)) where options.condition == .always && !options.returnsOld:
            try set(key, value, options.expiry)
            answers.append(.success(.done))
        case .keyValue(.setMany(let pairs, false)):
            for pair in pairs { try set(pair.name, pair.value, .never) }
            answers.append(.success(.flag(true)))
        case .keyValue(.delete(let keys)):
            var count: Int64 = 0
            for key in keys { if try delete(key) { count += 1 } }
            answers.append(.success(.integer(count)))
        default:
            throw .refused(.keyValueTransaction, reason: "Dapr's transactions hold sets and deletes only")
        }
    }

    private mutating func set(_ key: [UInt8], _ value: [UInt8], _ expiry: Expiry) throws(Failure) {
        if case .at(let time) = expiry, time <= context.now {
            throw .refused(.keyValueTransaction, reason: "Dapr takes no time to live that has passed")
        }
        let set = try dialect.setRequest(key, value, etag: watched.removeValue(forKey: key), expiry, context)
        request.operations.append(.with { $0.set = set })
        written[key] = true
    }

    /// Whether it was there.
    private mutating func delete(_ key: [UInt8]) throws(Failure) -> Bool {
        let etag: String?
        if let isThere = written[key] {
            guard isThere else { return false }
            etag = nil
        } else {
            let expected = watched.removeValue(forKey: key)
            guard let item = present[key] else {
                if expected != nil { isChanged = true }
                return false
            }
            if let expected, expected != item.etag { isChanged = true }
            etag = expected ?? item.etag
        }
        let delete = try dialect.deleteRequest(key, etag: etag)
        request.operations.append(.with { $0.delete = delete })
        written[key] = false
        return true
    }

    /// A key that is watched and not written could change unseen.
    func checkWatched() throws(Failure) {
        guard watched.isEmpty else {
            throw .refused(
                .keyValueTransaction, reason: "Dapr can watch only keys that the transaction itself writes")
        }
    }
}
