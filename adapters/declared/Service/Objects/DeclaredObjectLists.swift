// Lists of objects, and buckets, of a declared adapter.

import Capabilities

extension DeclaredObjects {
    // MARK: Objects

    func list(_ listing: ObjectListing, _ context: CallContext) async throws(ObjectFailure) -> ObjectPage {
        let operation: OperationProgram
        do throws(Failure) { operation = try calls.mapped("object.list") } catch { throw .general(error) }
        guard listing.limit > 0 else { return ObjectPage([]) }
        var folding = ObjectFolding(listing)
        guard operation.mentioned.contains(.after) else {
            for object in try await all(operation, listing, context) where !folding.isFull { folding.add(object) }
            return folding.page
        }
        // Groups take a name each, whatever is in them: as many pages are asked for as it takes.
        var after = listing.after
        var seen = 0
        while !folding.isFull {
            let limit = min(ObjectBounds.page, listing.limit + 1)
            var inputs = try inputs(operation, listing, context)
            inputs.numberB = Int64(limit)
            if !after.isEmpty {
                do throws(Failure) { inputs[.after] = try calls.key(after, operation) } catch { throw .general(error) }
            }
            let answer = try await run(operation, inputs)
            guard answer.outcome == .result else { throw .noSuchBucket }
            let objects = try summaries(answer.outputs)
            seen += objects.count
            for object in objects.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) where !folding.isFull {
                folding.add(object)
            }
            guard objects.count >= limit, let last = objects.map(\.key).max(by: { $0.lexicographicallyPrecedes($1) })
            else { break }
            guard after.lexicographicallyPrecedes(last) else {
                throw .general(.backend("the server gives the same page again and again"))
            }
            guard seen <= program.limits.items else { throw tooMany }
            after = last
        }
        return folding.page
    }

    private var tooMany: ObjectFailure {
        .general(.backend("there are more than \(program.limits.items) objects, the adapter's limit for one list"))
    }

    private func inputs(
        _ operation: OperationProgram, _ listing: ObjectListing, _ context: CallContext
    ) throws(ObjectFailure) -> Inputs {
        var inputs = Inputs(first: program.keyPrefix)
        inputs.now = context.now
        inputs.numberB = Int64(ObjectBounds.page)
        do throws(Failure) {
            inputs[.bucket] = try calls.name(listing.bucket, operation)
            if !listing.prefix.isEmpty { inputs.first = try calls.key(listing.prefix, operation) }
        } catch {
            throw .general(error)
        }
        return inputs
    }

    /// All objects that begin with the prefix, in their order, of a server that tells no part of them.
    private func all(
        _ operation: OperationProgram, _ listing: ObjectListing, _ context: CallContext
    ) async throws(ObjectFailure) -> [ObjectSummary] {
        var inputs = try inputs(operation, listing, context)
        var objects: [ObjectSummary] = []
        while true {
            let page: (exchange: DeclaredExchange, next: [UInt8]?)
            do throws(Failure) { page = try await calls.runPage(operation, inputs) } catch { throw .general(error) }
            guard page.exchange.outcome == .result else { throw .noSuchBucket }
            objects += try summaries(page.exchange.outputs)
            guard objects.count <= program.limits.items else { throw tooMany }
            guard let next = page.next else { break }
            inputs.third = next
        }
        return objects.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    private func summaries(_ outputs: Outputs) throws(ObjectFailure) -> [ObjectSummary] {
        let uneven = ObjectFailure.general(.backend("the backend's answer has lists of different lengths in it"))
        guard let sizes = outputs.list(.sizes), let etags = outputs.list(.etags) else { throw uneven }
        let times = outputs.list(.times)
        var objects: [ObjectSummary] = []
        objects.reserveCapacity(outputs.names.count)
        for (index, name) in outputs.names.enumerated() {
            guard let size = sizes[index].asNumber, size >= 0, Self.isTag(etags[index].asBytes) else { throw uneven }
            objects.append(
                ObjectSummary(
                    key: calls.read(key: name), size: size, etag: etags[index].asBytes,
                    modified: times?[index].asNumber ?? 0))
        }
        return objects
    }

    // MARK: Buckets

    /// What becomes of a request about a bucket.
    private func bucket(
        _ shape: String, _ bucket: [UInt8], _ context: CallContext
    ) async throws(ObjectFailure) -> DeclaredExchange {
        let operation: OperationProgram
        var inputs = Inputs()
        inputs.now = context.now
        do throws(Failure) {
            operation = try calls.mapped(shape)
            if !bucket.isEmpty { inputs[.bucket] = try calls.name(bucket, operation) }
        } catch {
            throw .general(error)
        }
        return try await run(operation, inputs)
    }

    func createBucket(_ name: [UInt8], _ context: CallContext) async throws(ObjectFailure) {
        guard try await bucket("bucket.create", name, context).outcome == .result else { throw .bucketExists }
    }

    func deleteBucket(_ name: [UInt8], _ context: CallContext) async throws(ObjectFailure) {
        switch try await bucket("bucket.delete", name, context).outcome {
        case .missing: throw .noSuchBucket
        case .conflict: throw .bucketNotEmpty
        default: return
        }
    }

    func headBucket(_ name: [UInt8], _ context: CallContext) async throws(ObjectFailure) -> BucketInfo {
        let answer = try await bucket("bucket.head", name, context)
        guard answer.outcome == .result else { throw .noSuchBucket }
        return BucketInfo(name, created: answer.outputs.number(.modified) ?? 0)
    }

    func listBuckets(_ context: CallContext) async throws(ObjectFailure) -> [BucketInfo] {
        let answer = try await bucket("bucket.list", [], context)
        let names = answer.outcome == .result ? answer.outputs.names : []
        let times = answer.outputs.list(.times)
        let buckets = names.enumerated().map { index, name in
            BucketInfo(program.keys.read(name), created: times?[index].asNumber ?? 0)
        }
        return buckets.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }
}

/// Makes a page of objects that come in the order of their keys.
struct ObjectFolding {
    private let listing: ObjectListing
    private var objects: [ObjectSummary] = []
    private var groups: [[UInt8]] = []
    private var last: [UInt8]?
    /// Whether something is left that the page has no room for.
    private(set) var isFull = false

    init(_ listing: ObjectListing) { self.listing = listing }

    mutating func add(_ object: ObjectSummary) {
        guard object.key.starts(with: listing.prefix), listing.after.lexicographicallyPrecedes(object.key) else {
            return
        }
        let group = group(of: object.key)
        // A page may begin behind a group.
        if let group, group == groups.last || !listing.after.lexicographicallyPrecedes(group) { return }
        guard objects.count + groups.count < listing.limit else {
            isFull = true
            return
        }
        if let group { groups.append(group) } else { objects.append(object) }
        last = group ?? object.key
    }

    var page: ObjectPage { ObjectPage(objects, groups: groups, next: isFull ? last : nil) }

    /// What `key` begins with, up to the delimiter behind the prefix.
    private func group(of key: [UInt8]) -> [UInt8]? {
        guard !listing.delimiter.isEmpty else { return nil }
        var index = listing.prefix.count
        while index + listing.delimiter.count <= key.count {
            if key[index...].starts(with: listing.delimiter) { return Array(key[..<(index + listing.delimiter.count)]) }
            index += 1
        }
        return nil
    }
}
