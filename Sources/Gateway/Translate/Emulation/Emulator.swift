// Performs operations that a backend lacks with those that it has.

import Capabilities

/// The gateway's own way of doing what a service does not do itself.
///
/// Whatever changes a value reads it with its version and writes it only if the version still holds; after a conflict it
/// begins again, so that concurrent changes are never lost.
final class Emulator: Sendable {
    /// Attempts of one change before the client hears of the contention.
    private static let attempts = 64

    let service: any Service
    let direct: CapabilitySet
    private let completed: CapabilitySet
    private let turns = KeyTurns()
    /// Whether values carry their expiry.
    let keepsExpiryBeside: Bool

    init(_ service: any Service, _ policy: GapResolution) {
        self.service = service
        direct = policy.direct
        completed = policy.completed
        keepsExpiryBeside = policy.keepsExpiryBeside
    }

    /// Whether the service cannot do `operation` alone.
    func isNeeded(for operation: Operation) -> Bool {
        let needs = operation.needs
        if !needs.isSubset(of: direct) { return true }
        if keepsExpiryBeside, case .keyValue = operation { return true }
        return !needs.intersection(completed).isEmpty && !service.performs(operation)
    }

    func perform(_ operation: Operation, _ context: CallContext) async throws(Failure) -> Answer {
        guard case .keyValue(let keyValue) = operation else { return try await service.perform(operation, context) }
        if let answer = try await severalKeys(keyValue, context) { return answer }
        if !isNeeded(for: operation) { return try await service.perform(operation, context) }
        switch keyValue {
        case .get(let key): return try await read(key, context).answer
        case .set(let key, let value, let options): return try await set(key, value, options, context)
        case .getVersioned(let key):
            let current = try await read(key, context)
            guard let value = current.value, let version = current.version else { return .missing }
            return .versioned(value, version)
        case .exists(let keys), .touch(let keys):
            return .integer(try await isThere(keys[0], context) ? 1 : 0)
        case .length(let key): return .integer(Int64(try await read(key, context).value?.count ?? 0))
        case .range(let key, let first, let last):
            return .bytes(ByteRange.slice(try await read(key, context).value ?? [], first, last))
        case .delete(let keys): return try await delete(keys[0], context)
        case .deleteVersion(let key, _):
            guard try await isThere(key, context) else { return .flag(false) }
            return try await service.perform(operation, context)
        case .expiry(let key): return try await expiry(key, context)
        case .type, .scan, .keys, .randomKey, .rename, .copy: return try await performOnKeys(keyValue, context)
        case .overwrite where !direct.contains(.keyValueCompareAndSet) || !direct.contains(.keyValueConditionalSet):
            throw .refused(
                .keyValueRange,
                reason: "a part is written by kv.compare-and-set and kv.conditional-set, and one is missing")
        default: return try await change(keyValue, context)
        }
    }

    // MARK: Reading

    /// A key as it is now; a value whose time is over is not there, but its version still counts for writing.
    struct Current {
        var value: [UInt8]?
        var version: Version?
        var expiresAt: Int64?

        var answer: Answer { value.map { .bytes($0) } ?? .missing }
    }

    func read(_ key: [UInt8], _ context: CallContext) async throws(Failure) -> Current {
        let needsVersion = direct.contains(.keyValueCompareAndSet)
        let operation = needsVersion ? KeyValueOperation.getVersioned(key: key) : .get(key: key)
        switch try await service.perform(.keyValue(operation), context) {
        case .versioned(let bytes, let version): return unwrap(bytes, version, context)
        case .bytes(let bytes): return unwrap(bytes, nil, context)
        case .missing: return Current()
        default: throw .backend("the adapter's answer to a get is not one")
        }
    }

    private func unwrap(_ bytes: [UInt8], _ version: Version?, _ context: CallContext) -> Current {
        guard keepsExpiryBeside else { return Current(value: bytes, version: version) }
        let (value, expiresAt) = ExpiryEnvelope.unwrap(bytes)
        if let expiresAt, expiresAt <= context.now { return Current(version: version) }
        return Current(value: value, version: version, expiresAt: expiresAt)
    }

    // MARK: Changing

    /// What becomes of a key.
    enum Change {
        case keep(Answer)
        case write([UInt8], Expiry, Answer)
        case delete(Answer)
    }

    /// Changes `key` by what `decide` makes of its present value.
    ///
    /// The worker's own changes of one key take turns: they would only get in each other's way, and whoever comes last each
    /// time would give up.
    func update(
        _ key: [UInt8], _ context: CallContext, _ decide: (Current) throws(Failure) -> Change
    ) async throws(Failure) -> Answer {
        await turns.begin(key)
        defer { turns.end(key) }
        for _ in 0..<Self.attempts {
            let current = try await read(key, context)
            switch try decide(current) {
            case .keep(let answer): return answer
            case .write(let value, let expiry, let answer):
                if try await write(key, value, expiry, over: current, context) { return answer }
            case .delete(let answer):
                guard let version = current.version else { return answer }
                let deletion = KeyValueOperation.deleteVersion(key: key, version)
                if try await service.perform(.keyValue(deletion), context) == .flag(true) { return answer }
            }
        }
        throw .backend(
            "others changed the key \(Self.attempts) times while this tried to; nothing was changed, try again")
    }

    private func write(
        _ key: [UInt8], _ value: [UInt8], _ expiry: Expiry, over current: Current, _ context: CallContext
    ) async throws(Failure) -> Bool {
        let condition: SetCondition = current.version.map { .version($0) } ?? .absent
        var options = SetOptions(condition)
        var bytes = value
        if keepsExpiryBeside {
            bytes = ExpiryEnvelope.wrap(value, expiresAt: expiry == .kept ? current.expiresAt : expiry.time)
        } else if expiry != .kept || current.value != nil && direct.contains(.keyValueTTL) {
            options.expiry = expiry
        }
        return try await service.perform(.keyValue(.set(key: key, value: bytes, options)), context) == .done
    }

    private func change(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        guard let key = operation.singleKey else { return try await service.perform(.keyValue(operation), context) }
        return try await update(key, context) { current throws(Failure) in
            try ValueChange.decide(operation, current, now: context.now)
        }
    }

    private func set(
        _ key: [UInt8], _ value: [UInt8], _ options: SetOptions, _ context: CallContext
    ) async throws(Failure) -> Answer {
        // Nothing of what is there matters: one exchange instead of two.
        if options.condition == .always, !options.returnsOld, options.expiry != .kept {
            var plain = options
            var bytes = value
            if keepsExpiryBeside {
                bytes = ExpiryEnvelope.wrap(value, expiresAt: options.expiry.time)
                plain.expiry = .never
            }
            return try await service.perform(.keyValue(.set(key: key, value: bytes, plain)), context)
        }
        return try await update(key, context) { current throws(Failure) in
            let holds: Bool =
                switch options.condition {
                case .always: true
                case .absent: current.value == nil
                case .present: current.value != nil
                case .version(let version): current.version == version
                }
            guard holds else { return .keep(options.returnsOld ? current.answer : .missing) }
            return .write(value, options.expiry, options.returnsOld ? current.answer : .done)
        }
    }

    private func delete(_ key: [UInt8], _ context: CallContext) async throws(Failure) -> Answer {
        let wasThere = try await isThere(key, context)
        let answer = try await service.perform(.keyValue(.delete(keys: [key])), context)
        return wasThere ? answer : .integer(0)
    }
}

extension Expiry {
    /// The time, when it is one.
    var time: Int64? {
        if case .at(let time) = self { return time }
        return nil
    }
}
