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

    func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        guard context.database == 0 else { throw .refused(.keyValueDatabases, reason: "memcached has one set of keys") }
        switch operation {
        case .get(let key):
            // The shortest way for the most frequent request.
            try check(key)
            let exchange = ValueExchange(.get, key)
            do throws(MultiplexFailure) { try await multiplexer.perform(exchange) } catch { throw Failure(error) }
            return try exchange.answer()
        case .getVersioned(let key): return try await retrieve(.gets, key)
        case .getMany(let keys):
            guard !keys.isEmpty else { return .list([]) }
            try check(keys)
            let exchange = ValuesExchange(keys)
            do throws(MultiplexFailure) { try await multiplexer.perform(exchange) } catch { throw Failure(error) }
            return .list(try exchange.answers())
        case .getAndExpire(let key, let expiry):
            guard expiry != .kept else { return try await retrieve(.get, key) }
            return try await retrieve(.gat(try memcachedTime(expiry, context)), key)
        case .set(let key, let value, let options): return try await set(key, value, options, context)
        case .setMany(let pairs, onlyIfAllAbsent: false): return try await setMany(pairs)
        case .delete(let keys): return .integer(try await count(keys, .deleted) { .delete(key: $0) })
        case .deleteVersion(let key, let version):
            try check(key)
            guard let cas = version.number else { return .flag(false) }
            return .flag(try await status(.deleteVersion(key: key, cas: cas)) == .head(secondsLeft: -1))
        case .exists(let keys), .touch(let keys): return .integer(try await countThere(keys))
        case .type(let key):
            return try await secondsLeft(key) == nil ? .missing : .bytes(Array("string".utf8))
        case .expire(let key, let time, let condition): return .flag(try await expire(key, time, condition, context))
        case .expiry(let key):
            guard let seconds = try await secondsLeft(key) else { return .missing }
            return seconds < 0 ? .done : .integer(context.now + seconds * 1000)
        case .persist(let key):
            guard let seconds = try await secondsLeft(key), seconds >= 0 else { return .flag(false) }
            return .flag(try await status(.touch(key: key, expiry: 0)) == .touched)
        case .clear:
            guard try await status(.flushAll) == .ok else {
                throw .protocolBroken("flush_all was not answered with OK")
            }
            return .done
        default:
            let capability = operation.needs.subtracting(supported).members.first ?? .keyValueMultiKey
            throw .refused(capability, reason: manifest[capability].note)
        }
    }

    private var supported: CapabilitySet {
        var supported = CapabilitySet()
        for capability in manifest.mentioned { supported.insert(capability) }
        return supported
    }

    // MARK: Reading

    private func retrieve(_ verb: ValueExchange.Verb, _ key: [UInt8]) async throws(Failure) -> Answer {
        try check(key)
        let exchange = ValueExchange(verb, key)
        do throws(MultiplexFailure) { try await multiplexer.perform(exchange) } catch { throw Failure(error) }
        return try exchange.answer()
    }

    /// The seconds that `key` has left, -1 when it stays; nil when there is no such key.
    private func secondsLeft(_ key: [UInt8]) async throws(Failure) -> Int64? {
        try check(key)
        guard case .head(let seconds) = try await status(.look(key: key)) else { return nil }
        return seconds
    }

    // MARK: Writing

    private func set(
        _ key: [UInt8], _ value: [UInt8], _ options: SetOptions, _ context: CallContext
    ) async throws(Failure) -> Answer {
        try check(key)
        guard value.count <= valueBytes else { throw .tooLarge(limit: valueBytes) }
        guard !options.returnsOld else {
            throw .refused(.keyValueExchange, reason: "memcached does not tell old values")
        }
        if options.expiry == .kept { return try await setKeepingExpiry(key, value, options.condition, context) }
        let expiry = try memcachedTime(options.expiry, context)
        return try await store(options.condition, key, value, expiry) ? .done : .missing
    }

    /// Whether the value was stored.
    private func store(
        _ condition: SetCondition, _ key: [UInt8], _ value: [UInt8], _ expiry: Int64
    ) async throws(Failure) -> Bool {
        let verb: StatusExchange.StoreVerb
        var cas: UInt64 = 0
        switch condition {
        case .always: verb = .set
        case .absent: verb = .add
        case .present: verb = .replace
        case .version(let version):
            guard let number = version.number else { return false }
            verb = .cas
            cas = number
        }
        switch try await status(.store(verb, key: key, value: value, expiry: expiry, cas: cas)) {
        case .stored: return true
        case .notStored, .exists, .notFound: return false
        default: throw .protocolBroken("memcached answered a store with a word for something else")
        }
    }

    /// Stores without a change of the key's expiry, which no command of memcached does by itself.
    ///
    /// The version is read before the expiry, so that whoever touches the key in between makes the store fail; then all
    /// of it is done again.
    private func setKeepingExpiry(
        _ key: [UInt8], _ value: [UInt8], _ condition: SetCondition, _ context: CallContext
    ) async throws(Failure) -> Answer {
        for _ in 0..<Self.attempts {
            guard case .versioned(_, let version) = try await retrieve(.gets, key) else {
                // There is no expiry to keep.
                switch condition {
                case .always, .absent: if try await store(.absent, key, value, 0) { return .done }
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
            if try await store(.version(version), key, value, expiry) { return .done }
        }
        throw .unavailable("the key was changed by others \(Self.attempts) times in a row")
    }

    private static let attempts = 16

    private func setMany(_ pairs: [Pair]) async throws(Failure) -> Answer {
        for pair in pairs {
            try check(pair.name)
            guard pair.value.count <= valueBytes else { throw .tooLarge(limit: valueBytes) }
        }
        try checkBatch(pairs.count)
        let stored = try await statuses(
            pairs.map { .store(.set, key: $0.name, value: $0.value, expiry: 0, cas: 0) })
        guard stored.allSatisfy({ $0 == .stored }) else {
            throw .protocolBroken("memcached answered a store with a word for something else")
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
        guard time > context.now else { return try await status(.delete(key: key)) == .deleted }
        return try await status(.touch(key: key, expiry: try memcachedTime(.at(time), context))) == .touched
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

    private func status(_ request: StatusExchange.Request) async throws(Failure) -> MemcachedStatus {
        let exchange = StatusExchange(request)
        do throws(MultiplexFailure) { try await multiplexer.perform(exchange) } catch { throw Failure(error) }
        if case .failed(let error) = exchange.status { throw error }
        return exchange.status
    }

    /// Submits all requests at once, so that they leave together, and waits for every answer.
    private func statuses(_ requests: [StatusExchange.Request]) async throws(Failure) -> [MemcachedStatus] {
        let exchanges = requests.map { StatusExchange($0) }
        for exchange in exchanges { multiplexer.submit(exchange) }
        var failures: [Failure] = []
        for exchange in exchanges {
            do throws(MultiplexFailure) {
                try await multiplexer.wait(for: exchange)
                if case .failed(let error) = exchange.status { failures.append(error) }
            } catch {
                failures.append(Failure(error))
            }
        }
        guard let first = failures.first else { return exchanges.map(\.status) }
        for failure in failures { if case .unavailable = failure { continue } else { throw failure } }
        // Only when none of them left was nothing done.
        guard failures.count < exchanges.count, case .unavailable(let reason) = first else { throw first }
        throw .indeterminate(reason)
    }

    /// How many of `keys` the request that `make` makes for each is answered with `wanted`.
    private func count(
        _ keys: [[UInt8]], _ wanted: MemcachedStatus, _ make: ([UInt8]) -> StatusExchange.Request
    ) async throws(Failure) -> Int64 {
        try check(keys)
        if keys.count == 1 { return try await status(make(keys[0])) == wanted ? 1 : 0 }
        return Int64(try await statuses(keys.map(make)).count { $0 == wanted })
    }

    private func countThere(_ keys: [[UInt8]]) async throws(Failure) -> Int64 {
        try check(keys)
        let there = try await statuses(keys.map { .look(key: $0) })
        return Int64(there.count { if case .head = $0 { true } else { false } })
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

extension Failure {
    /// The same in the words of adapters.
    init(_ failure: MultiplexFailure) {
        self =
            switch failure {
            case .unavailable(let reason): .unavailable(reason)
            case .indeterminate(let reason): .indeterminate(reason)
            case .timedOut: .indeterminate("no answer in time")
            case .protocolBroken(let reason): .protocolBroken(reason)
            case .cancelled: .cancelled
            }
    }
}

extension Version {
    /// The number it was made of; nil when it was made of other bytes.
    fileprivate var number: UInt64? {
        guard bytes.count == 8 else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
