// Operations on keys, whatever they hold, where the expiry is kept beside the value; and on several keys.

import Capabilities

extension Emulator {
    /// Keys that are tried before a random one is chosen among all.
    private static let draws = 16

    /// Whether there is such a key whose time is not over; what it holds need not be bytes.
    func isThere(_ key: [UInt8], _ context: CallContext) async throws(Failure) -> Bool {
        do throws(Failure) {
            return try await read(key, context).value != nil
        } catch .wrongType {
            return true
        }
    }

    func expiry(_ key: [UInt8], _ context: CallContext) async throws(Failure) -> Answer {
        do throws(Failure) {
            let current = try await read(key, context)
            guard current.value != nil else { return .missing }
            return current.expiresAt.map { .integer($0) } ?? .done
        } catch .wrongType {
            // Only values that are bytes can have an expiry beside them.
            return .done
        }
    }

    /// Has the service do it, but for keys whose time is over.
    func performOnKeys(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        switch operation {
        case .type(let key):
            guard try await isThere(key, context) else { return .missing }
        case .keys:
            guard case .list(let keys) = try await service.perform(.keyValue(operation), context) else {
                throw .backend("the adapter's answer to a listing is not one")
            }
            return .list(try await living(keys, context))
        case .scan:
            guard case .page(let next, let keys) = try await service.perform(.keyValue(operation), context) else {
                throw .backend("the adapter's answer to a scan is not one")
            }
            return .page(cursor: next, try await living(keys, context))
        case .randomKey: return try await randomKey(context)
        case .rename(let from, let to, _):
            guard try await isThere(from, context) else { throw .noSuchKey }
            try await clear(to, context)
        case .copy(let from, let to, let database, _):
            guard try await isThere(from, context) else { return .flag(false) }
            try await clear(to, CallContext(database: database ?? context.database, now: context.now))
        default: break
        }
        return try await service.perform(.keyValue(operation), context)
    }

    private func living(_ keys: [Answer], _ context: CallContext) async throws(Failure) -> [Answer] {
        var living: [Answer] = []
        for case .bytes(let key) in keys where try await isThere(key, context) { living.append(.bytes(key)) }
        return living
    }

    private func randomKey(_ context: CallContext) async throws(Failure) -> Answer {
        for _ in 0..<Self.draws {
            let answer = try await service.perform(.keyValue(.randomKey), context)
            guard case .bytes(let key) = answer else { return answer }
            if try await isThere(key, context) { return answer }
        }
        // Nearly all that is left may be keys whose time is over.
        guard direct.contains(.keyValueScan) else { return .missing }
        guard case .list(let keys) = try await performOnKeys(.keys(match: Array("*".utf8)), context) else {
            return .missing
        }
        return keys.randomElement() ?? .missing
    }

    /// Deletes a key whose time is over, which would be in the way of another that comes there.
    private func clear(_ key: [UInt8], _ context: CallContext) async throws(Failure) {
        do throws(Failure) {
            let current = try await read(key, context)
            guard current.value == nil, let version = current.version else { return }
            _ = try await service.perform(.keyValue(.deleteVersion(key: key, version)), context)
        } catch .wrongType {
            return
        }
    }

    // MARK: Several keys

    /// One key after another, when the backend takes only one; nil when the operation is no such one.
    func severalKeys(
        _ operation: KeyValueOperation, _ context: CallContext
    ) async throws(Failure) -> Answer? {
        guard !direct.contains(.keyValueMultiKey) || keepsExpiryBeside else { return nil }
        switch operation {
        case .getMany(let keys):
            var answers: [Answer] = []
            for key in keys {
                do throws(Failure) {
                    answers.append(try await perform(.keyValue(.get(key: key)), context))
                } catch .wrongType {
                    answers.append(.missing)
                }
            }
            return .list(answers)
        case .setMany(let pairs, false):
            for pair in pairs {
                let set = KeyValueOperation.set(key: pair.name, value: pair.value, SetOptions())
                _ = try await perform(.keyValue(set), context)
            }
            return .done
        case .setMany(_, true):
            throw .refused(.keyValueMultiKey, reason: "several keys cannot be set only if none of them is there")
        case .delete(let keys) where keys.count > 1:
            return try await total(keys, context) { .delete(keys: [$0]) }
        case .exists(let keys) where keys.count > 1, .touch(let keys) where keys.count > 1:
            return try await total(keys, context) { .exists(keys: [$0]) }
        default: return nil
        }
    }

    private func total(
        _ keys: [[UInt8]], _ context: CallContext, _ operation: ([UInt8]) -> KeyValueOperation
    ) async throws(Failure) -> Answer {
        var total: Int64 = 0
        for key in keys {
            if case .integer(let count) = try await perform(.keyValue(operation(key)), context) { total += count }
        }
        return .integer(total)
    }
}
