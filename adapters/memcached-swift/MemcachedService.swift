// memcached as one worker uses it: each operation on keys becomes one or several exchanges.

import Capabilities
import Multiplex
import Reactor

/// The service of one worker; its connections are shared by all of the worker's sessions.
final class MemcachedService: Service, KeyValueService, @unchecked Sendable {
    let manifest: Manifest
    private let multiplexer: Multiplexer
    private let valueBytes: Int

    init(_ manifest: Manifest, to endpoint: MultiplexEndpoint, _ options: MemcachedOptions, worker: Worker) {
        self.manifest = manifest
        valueBytes = options.valueBytes
        // The text protocol has no ids: answers come in the order of the requests.
        var configuration = MultiplexConfiguration(.inOrder)
        configuration.connections = options.connections
        configuration.connectTimeout = options.connectTimeout.nanoseconds
        configuration.responseTimeout = options.responseTimeout.nanoseconds
        configuration.frameBytes = options.valueBytes + 4096
        multiplexer = Multiplexer(
            to: endpoint, configuration, delegate: MemcachedConnections(valueBytes: options.valueBytes), worker: worker)
    }

    var keyValue: (any KeyValueService)? { self }

    func close() async { await multiplexer.close() }

    /// Goes straight to the keys: there is no other family here.
    func perform(_ operation: Operation, _ context: CallContext) async throws(Failure) -> Answer {
        guard case .keyValue(let operation) = operation else {
            throw .refused(
                operation.needs.members.first ?? .keyValueGet, reason: "memcached holds keys and values only")
        }
        return try await perform(operation, context)
    }

    /// Without ids the answers come in the order of the requests, and so does what they do, as long as they go over one
    /// connection.
    func begin(_ operation: Operation, _ context: CallContext, _ pending: PendingOperation) -> Bool {
        guard case .keyValue(let operation) = operation, context.database == 0 else { return false }
        guard !pending.followsOthers || multiplexer.keepsOrder else { return false }
        do throws(Failure) {
            guard let exchange = try exchange(for: operation, context) else { return false }
            exchange.pending = pending
            multiplexer.submit(exchange)
        } catch {
            pending.end(.failure(error))
        }
        return true
    }

    func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        guard context.database == 0 else { throw .refused(.keyValueDatabases, reason: "memcached has one set of keys") }
        if let exchange = try exchange(for: operation, context) { return try await multiplexer.answer(exchange) }
        switch operation {
        case .getMany(let keys):
            guard !keys.isEmpty else { return .list([]) }
            try check(keys)
            let exchange = ValuesExchange(keys)
            do throws(MultiplexFailure) { try await multiplexer.perform(exchange) } catch { throw Failure(error) }
            return .list(try exchange.answers())
        case .set(let key, let value, let options):
            return try await setKeepingExpiry(key, value, options.condition, context)
        case .setMany(let pairs, onlyIfAllAbsent: false): return try await setMany(pairs)
        case .delete(let keys): return .integer(try await count(keys, .delete))
        case .exists(let keys), .touch(let keys): return .integer(try await count(keys, .look))
        case .type(let key):
            return try await secondsLeft(key) == nil ? .missing : .bytes(Array("string".utf8))
        case .expire(let key, let time, let condition): return .flag(try await expire(key, time, condition, context))
        case .expiry(let key):
            guard let seconds = try await secondsLeft(key) else { return .missing }
            return seconds < 0 ? .done : .integer(context.now + seconds * 1000)
        case .persist(let key):
            guard let seconds = try await secondsLeft(key), seconds >= 0 else { return .flag(false) }
            return try await multiplexer.answer(StatusExchange(.touch(expiry: 0), key))
        default:
            let capability = operation.needs.subtracting(supported).members.first ?? .keyValueMultiKey
            throw .refused(capability, reason: manifest[capability].note)
        }
    }

    /// The one exchange that `operation` takes; nil when it takes several, or is refused.
    private func exchange(
        for operation: KeyValueOperation, _ context: CallContext
    ) throws(Failure) -> AnsweringExchange? {
        switch operation {
        case .get(let key): return ValueExchange(.get, try checked(key))
        case .getVersioned(let key): return ValueExchange(.gets, try checked(key))
        case .getAndExpire(let key, .kept): return ValueExchange(.get, try checked(key))
        case .getAndExpire(let key, let expiry):
            return ValueExchange(.gat(try memcachedTime(expiry, context)), try checked(key))
        case .set(let key, let value, let options):
            guard !options.returnsOld else {
                throw .refused(.keyValueExchange, reason: "memcached does not tell old values")
            }
            guard options.expiry != .kept else { return nil }
            let time = try memcachedTime(options.expiry, context)
            return try store(storeCondition(options.condition), key, value, time)
        case .delete(let keys) where keys.count == 1: return StatusExchange(.delete, try checked(keys[0]))
        case .deleteVersion(let key, let version):
            return StatusExchange(.deleteVersion(version.number ?? .max), try checked(key))
        case .exists(let keys) where keys.count == 1, .touch(let keys) where keys.count == 1:
            return StatusExchange(.look, try checked(keys[0]))
        case .clear: return StatusExchange(.flushAll)
        default: return nil
        }
    }

    private var supported: CapabilitySet {
        var supported = CapabilitySet()
        for capability in manifest.mentioned { supported.insert(capability) }
        return supported
    }

    // MARK: Reading

    /// The seconds that `key` has left, -1 when it stays; nil when there is no such key.
    private func secondsLeft(_ key: [UInt8]) async throws(Failure) -> Int64? {
        let look = StatusExchange(.look, try checked(key))
        _ = try await multiplexer.answer(look)
        guard case .head(let seconds) = look.status else { return nil }
        return seconds
    }

    // MARK: Writing

    private func store(
        _ condition: StatusExchange.StoreCondition, _ key: [UInt8], _ value: [UInt8], _ expiry: Int64
    ) throws(Failure) -> StatusExchange {
        let key = try checked(key)
        guard value.count <= valueBytes else { throw .tooLarge(limit: valueBytes) }
        return StatusExchange(.store(condition, value: value, expiry: expiry), key)
    }

    /// The condition in memcached's terms: a version that it cannot have given is the largest, which no value has.
    private func storeCondition(_ condition: SetCondition) -> StatusExchange.StoreCondition {
        switch condition {
        case .always: .always
        case .absent: .absent
        case .present: .present
        case .version(let version): .version(version.number ?? .max)
        }
    }

    private func isStored(
        _ condition: StatusExchange.StoreCondition, _ key: [UInt8], _ value: [UInt8], _ expiry: Int64
    ) async throws(Failure) -> Bool {
        try await multiplexer.answer(try store(condition, key, value, expiry)) == .done
    }

    /// Stores without a change of the key's expiry, which no command of memcached does by itself.
    ///
    /// The version is read before the expiry, so that whoever touches the key in between makes the store fail; then all
    /// of it is done again.
    private func setKeepingExpiry(
        _ key: [UInt8], _ value: [UInt8], _ condition: SetCondition, _ context: CallContext
    ) async throws(Failure) -> Answer {
        for _ in 0..<Self.attempts {
            let present = try await multiplexer.answer(ValueExchange(.gets, try checked(key)))
            guard case .versioned(_, let version) = present else {
                // There is no expiry to keep.
                switch condition {
                case .always, .absent: if try await isStored(.absent, key, value, 0) { return .done }
                case .present, .version: return .missing
                }
                if condition == .absent { return .missing }
                continue
            }
            switch condition {
            case .absent: return .missing
            case .version(let wanted) where wanted != version: return .missing
            default: break
            }
            guard let seconds = try await secondsLeft(key) else { continue }
            // Less than a second is a whole one: zero would be for ever.
            let expiry = seconds < 0 ? 0 : try memcachedTime(.at(context.now + max(seconds, 1) * 1000), context)
            if try await isStored(storeCondition(.version(version)), key, value, expiry) { return .done }
        }
        throw .unavailable("the key was changed by others \(Self.attempts) times in a row")
    }

    private static let attempts = 16

    private func setMany(_ pairs: [Pair]) async throws(Failure) -> Answer {
        try checkBatch(pairs.count)
        var exchanges: [StatusExchange] = []
        for pair in pairs { exchanges.append(try store(.always, pair.name, pair.value, 0)) }
        guard try await answers(exchanges).allSatisfy({ $0 == .done }) else {
            throw .protocolBroken("memcached answered an unconditional store with a condition that did not hold")
        }
        return .flag(true)
    }

    // MARK: Expiries

    private func expire(
        _ key: [UInt8], _ time: Int64, _ condition: ExpireCondition, _ context: CallContext
    ) async throws(Failure) -> Bool {
        try check(key)
        if condition != .always {
            guard let seconds = try await secondsLeft(key) else { return false }
            let present = seconds < 0 ? nil : context.now + seconds * 1000
            guard condition.holds(for: time, over: present) else { return false }
        }
        // memcached lets a touch with a time that has passed stand until the next second; a delete is exact.
        guard time > context.now else {
            return try await multiplexer.answer(StatusExchange(.delete, key)) == .integer(1)
        }
        let touch = StatusExchange(.touch(expiry: try memcachedTime(.at(time), context)), key)
        return try await multiplexer.answer(touch) == .flag(true)
    }

    /// A time as memcached takes it: 0 for never, -1 for at once, else in whole seconds, rounded up.
    ///
    /// Up to 30 days count from now, by the server's clock alone; more are seconds since 1970 (protocol.txt, "Expiration
    /// times").
    private func memcachedTime(_ expiry: Expiry, _ context: CallContext) throws(Failure) -> Int64 {
        guard case .at(let time) = expiry else { return 0 }
        let (left, overflowed) = time.subtractingReportingOverflow(context.now)
        guard !overflowed, time > context.now else { return -1 }
        if left <= Self.longestRelative * 1000 { return (left + 999) / 1000 }
        let seconds = time / 1000 + (time % 1000 > 0 ? 1 : 0)
        guard seconds <= MemcachedManifest.latestExpiry else {
            throw .invalid("memcached holds expiries up to 2038-01-19")
        }
        return seconds
    }

    /// 30 days in seconds.
    private static let longestRelative: Int64 = 60 * 60 * 24 * 30

    // MARK: Exchanges

    /// Submits all exchanges at once, so that they leave together, and waits for every answer.
    private func answers(_ exchanges: [StatusExchange]) async throws(Failure) -> [Answer] {
        for exchange in exchanges { multiplexer.submit(exchange) }
        var answers: [Answer] = []
        var failures: [Failure] = []
        for exchange in exchanges {
            do throws(MultiplexFailure) { try await multiplexer.wait(for: exchange) } catch {
                failures.append(Failure(error))
                continue
            }
            do throws(Failure) { answers.append(try exchange.answer()) } catch { failures.append(error) }
        }
        guard let first = failures.first else { return answers }
        for failure in failures { if case .unavailable = failure { continue } else { throw failure } }
        // Only when none of them left was nothing done.
        guard failures.count < exchanges.count, case .unavailable(let reason) = first else { throw first }
        throw .indeterminate(reason)
    }

    /// How many of `keys` are answered with one.
    private func count(_ keys: [[UInt8]], _ request: StatusExchange.Request) async throws(Failure) -> Int64 {
        try check(keys)
        return Int64(try await answers(keys.map { StatusExchange(request, $0) }).count { $0 == .integer(1) })
    }

    // MARK: Bounds

    private func check(_ keys: [[UInt8]]) throws(Failure) {
        try checkBatch(keys.count)
        for key in keys { try check(key) }
    }

    private func checkBatch(_ count: Int) throws(Failure) {
        guard count <= MemcachedManifest.batch else {
            throw .invalid("memcached is asked for at most \(MemcachedManifest.batch) keys at once")
        }
    }

    private func checked(_ key: [UInt8]) throws(Failure) -> [UInt8] {
        try check(key)
        return key
    }

    /// A key that the text protocol can carry (protocol.txt, "Keys"); any other would be read as further words.
    private func check(_ key: [UInt8]) throws(Failure) {
        guard !key.isEmpty, key.count <= MemcachedManifest.keyBytes else {
            throw .invalid("memcached takes keys of 1 to \(MemcachedManifest.keyBytes) bytes")
        }
        for byte in key where byte <= 0x20 || byte == 0x7F {
            throw .invalid("memcached takes no spaces and no control characters in keys")
        }
    }
}

/// What the connections need besides exchanges: the text protocol has no login and no messages of its own.
private final class MemcachedConnections: MultiplexDelegate {
    private let valueBytes: Int

    init(valueBytes: Int) { self.valueBytes = valueBytes }

    func makeCodec() -> any FrameCodec { MemcachedCodec(valueBytes: valueBytes) }
}

extension Version {
    /// The number it was made of; nil when it was made of other bytes.
    fileprivate var number: UInt64? {
        guard bytes.count == 8 else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
