// Operations as calls of Dapr's pluggable components.

import Capabilities
import Reactor
import SwiftProtobuf

/// Calls of `StateStore`, `TransactionalStateStore` and `PubSub`, made on one worker.
struct DaprDialect {
    let components: DaprComponents
    let link: Link
    let worker: Worker

    init(_ components: DaprComponents, _ link: Link, _ worker: Worker) {
        self.components = components
        self.link = link
        self.worker = worker
    }

    func perform(_ operation: Capabilities.Operation, _ context: CallContext) async throws(Failure) -> Answer {
        switch operation {
        case .keyValue(let operation):
            guard context.database == 0 else {
                throw .refused(.keyValueDatabases, reason: "Dapr's state stores have one database")
            }
            return try await perform(operation, context)
        case .publish(let channel, let payload): return try await publish(payload, to: channel)
        default:
            throw .refused(operation.needs.members.first ?? .keyValueGet, reason: "Dapr's components have no such call")
        }
    }

    private func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        switch operation {
        case .get(let key), .getAndExpire(let key, .kept):
            return try await read(key).map { .bytes($0.value) } ?? .missing
        case .getVersioned(let key):
            guard let item = try await read(key) else { return .missing }
            guard let etag = item.etag else { throw .backend("the component gave no ETag with the value") }
            return .versioned(item.value, Version(Array(etag.utf8)))
        case .getMany(let keys):
            let items = try await read(keys)
            return .list(keys.map { items[$0].map { .bytes($0.value) } ?? .missing })
        case .exists(let keys), .touch(let keys): return .integer(try await count(keys))
        case .set(let key, let value, let options): return try await set(key, value, options, context)
        case .setMany(let pairs, false):
            try await setMany(pairs)
            return .flag(true)
        case .delete(let keys): return .integer(try await delete(keys, context))
        case .deleteVersion(let key, let version):
            return .flag(try await delete(key, etag: try etag(version)))
        case .getAndExpire, .expire, .expiry, .persist:
            throw .refused(.keyValueTTL, reason: "Dapr sets a time to live together with a value only")
        default:
            throw .refused(
                operation.needs.members.first ?? .keyValueGet, reason: "Dapr's state stores have no such call")
        }
    }

    // MARK: Reading

    /// A value and its mark.
    struct Item {
        var value: [UInt8]
        var etag: String?
    }

    func read(_ key: [UInt8]) async throws(Failure) -> Item? {
        let reply: DaprGetResponse = try await state("Get", try getRequest(key))
        return item(reply.data.array, reply.hasEtag ? reply.etag.value : nil)
    }

    /// The items that are there, by key.
    func read(_ keys: [[UInt8]]) async throws(Failure) -> [[UInt8]: Item] {
        var request = DaprBulkGetRequest()
        for key in Set(keys) { request.items.append(try getRequest(key)) }
        let reply: DaprBulkGetResponse = try await state("BulkGet", request)
        var items: [[UInt8]: Item] = [:]
        for answer in reply.items {
            guard answer.error.isEmpty else { throw .backend(answer.error) }
            items[Array(answer.key.utf8)] = item(answer.data.array, answer.hasEtag ? answer.etag.value : nil)
        }
        return items
    }

    private func getRequest(_ key: [UInt8]) throws(Failure) -> DaprGetRequest {
        var request = DaprGetRequest()
        request.key = try name(key)
        request.consistency = .consistencyStrong
        return request
    }

    /// A missing key is answered with neither a value nor an ETag.
    private func item(_ value: [UInt8], _ etag: String?) -> Item? {
        let etag = etag.flatMap { $0.isEmpty ? nil : $0 }
        return value.isEmpty && etag == nil ? nil : Item(value: value, etag: etag)
    }

    private func count(_ keys: [[UInt8]]) async throws(Failure) -> Int64 {
        if keys.count == 1, let key = keys.first { return try await read(key) == nil ? 0 : 1 }
        let items = try await read(keys)
        return keys.reduce(0) { $0 + (items[$1] == nil ? 0 : 1) }
    }

    // MARK: Writing

    private func set(
        _ key: [UInt8], _ value: [UInt8], _ options: SetOptions, _ context: CallContext
    ) async throws(Failure) -> Answer {
        var expected: String?
        switch options.condition {
        case .always: break
        case .version(let version): expected = try etag(version)
        case .absent, .present:
            throw .refused(.keyValueConditionalSet, reason: "Dapr has no condition but an ETag")
        }
        if case .at(let time) = options.expiry, time <= context.now {
            // A time that has passed deletes the key, and Dapr takes no such time to live.
            if let expected { return try await delete(key, etag: expected) ? .done : .missing }
            _ = try await delete([key], context)
            return .done
        }
        let request = try setRequest(key, value, etag: expected, options.expiry, context)
        do throws(DaprFailure) { let _: DaprSetResponse = try await etagCall("Set", request) } catch {
            guard case .etag(.mismatch) = error, expected != nil else { throw error.failure }
            return .missing
        }
        return .done
    }

    func setRequest(
        _ key: [UInt8], _ value: [UInt8], etag: String?, _ expiry: Expiry, _ context: CallContext
    ) throws(Failure) -> DaprSetRequest {
        var request = DaprSetRequest()
        request.key = try name(key)
        request.value = value.data
        request.options = options(etag)
        if let etag { request.etag = .with { $0.value = etag } }
        switch expiry {
        case .never:
            // Without it a component may keep an earlier time to live; -1 takes it away (Dapr, "State Time-to-Live").
            if components.hasTTL { request.metadata["ttlInSeconds"] = "-1" }
        case .at(let time):
            let (left, overflowed) = time.subtractingReportingOverflow(context.now)
            guard !overflowed, left > 0 else { throw .invalid("the time to live is out of range") }
            request.metadata["ttlInSeconds"] = String((left - 1) / 1000 + 1)
        case .kept:
            throw .refused(.keyValueTTL, reason: "Dapr cannot set a value and keep its time to live")
        }
        return request
    }

    func options(_ etag: String?) -> DaprStateOptions {
        .with {
            $0.concurrency = etag == nil ? .concurrencyLastWrite : .concurrencyFirstWrite
            $0.consistency = .consistencyStrong
        }
    }

    private func setMany(_ pairs: [Pair]) async throws(Failure) {
        var requests: [DaprSetRequest] = []
        for pair in pairs {
            requests.append(try setRequest(pair.name, pair.value, etag: nil, .never, CallContext(now: 0)))
        }
        guard components.hasTransactions else {
            let request = DaprBulkSetRequest.with { $0.items = requests }
            let _: DaprBulkSetResponse = try await state("BulkSet", request)
            return
        }
        let request = DaprTransactionalStateRequest.with {
            $0.operations = requests.map { request in .with { $0.set = request } }
        }
        do throws(DaprFailure) { try await transact(request) } catch { throw error.failure }
    }

    // MARK: Deleting

    /// How often a key that others change is tried again.
    static let tries = 8

    private func delete(_ keys: [[UInt8]], _ context: CallContext) async throws(Failure) -> Int64 {
        if keys.count > 1, components.hasTransactions, components.hasETags {
            let step = TransactionStep(.keyValue(.delete(keys: keys)), database: 0)
            guard case .success(.integer(let count))? = try await transact([step], [], context)?.first else {
                throw .backend("the component did not delete the keys")
            }
            return count
        }
        guard keys.count == 1, let key = keys.first else { return try await deleteMany(keys) }
        for _ in 0..<Self.tries {
            guard let item = try await read(key) else { return 0 }
            // With its ETag it is this value that goes, so that whoever else deletes it does not count it too.
            if try await delete(key, etag: components.hasETags ? item.etag : nil) { return 1 }
        }
        throw .backend("the key was changed again and again while it was to be deleted")
    }

    /// Whether it had the ETag.
    private func delete(_ key: [UInt8], etag: String?) async throws(Failure) -> Bool {
        let request = try deleteRequest(key, etag: etag)
        do throws(DaprFailure) { let _: DaprDeleteResponse = try await etagCall("Delete", request) } catch {
            guard case .etag(.mismatch) = error, etag != nil else { throw error.failure }
            return false
        }
        return true
    }

    func deleteRequest(_ key: [UInt8], etag: String?) throws(Failure) -> DaprDeleteRequest {
        var request = DaprDeleteRequest()
        request.key = try name(key)
        request.options = options(etag)
        if let etag { request.etag = .with { $0.value = etag } }
        return request
    }

    private func deleteMany(_ keys: [[UInt8]]) async throws(Failure) -> Int64 {
        let items = try await read(keys)
        var request = DaprBulkDeleteRequest()
        for key in items.keys { request.items.append(try deleteRequest(key, etag: nil)) }
        guard !request.items.isEmpty else { return 0 }
        let _: DaprBulkDeleteResponse = try await state("BulkDelete", request)
        return Int64(items.count)
    }

    // MARK: Publishing

    private func publish(_ payload: [UInt8], to channel: [UInt8]) async throws(Failure) -> Answer {
        guard let topic = String(validating: channel, as: UTF8.self) else {
            throw .invalid("Dapr's topics are UTF-8 text")
        }
        let request = DaprPublishRequest.with {
            $0.data = payload.data
            $0.pubsubName = components.pubSubName
            $0.topic = topic
            $0.contentType = "application/octet-stream"
        }
        let _: DaprPublishResponse = try await link.exchange(
            Method(DaprComponents.pubSub, "Publish"), request, on: worker)
        return .integer(0)
    }

    // MARK: Names and calls

    func name(_ key: [UInt8]) throws(Failure) -> String {
        guard let name = String(validating: key, as: UTF8.self) else { throw .invalid("Dapr's keys are UTF-8 text") }
        return name
    }

    func etag(_ version: Capabilities.Version) throws(Failure) -> String {
        guard let etag = String(validating: version.bytes, as: UTF8.self) else {
            throw .invalid("the version is no ETag of Dapr's")
        }
        return etag
    }

    private func state<Reply: Message>(_ name: String, _ request: some Message) async throws(Failure) -> Reply {
        do throws(DaprFailure) { return try await etagCall(name, request) } catch { throw error.failure }
    }

    private func etagCall<Reply: Message>(_ name: String, _ request: some Message) async throws(DaprFailure) -> Reply {
        try await call(Method(DaprComponents.state, name), request)
    }

    func transact(_ request: DaprTransactionalStateRequest) async throws(DaprFailure) {
        let _: DaprTransactionalStateResponse = try await call(
            Method(DaprComponents.transactional, "Transact"), request)
    }

    private func call<Reply: Message>(_ method: Method, _ request: some Message) async throws(DaprFailure) -> Reply {
        guard let message = request.encoded else { throw .other(.tooLarge(limit: link.settings.messageBytes)) }
        let bytes: [UInt8]
        do throws(CallEnding) { bytes = try await link.call(method, message, on: worker) } catch {
            throw DaprFailure(error, method)
        }
        guard let reply = Reply(received: bytes) else {
            throw .other(.protocolBroken("the component answered \(method.name) with bytes that are no such message"))
        }
        return reply
    }
}
