// Copies objects from the place that serves to the other one, several at a time.

import Migration
import Reactor
import S3Wire

/// The objects of one direction.
final class S3MigrationCopier: MigrationCopier {
    let from: S3MigrationLink
    let to: S3MigrationLink
    private let lanes: [S3ObjectCopy]
    let habits: S3CopyHabits
    private let worker: Worker
    /// Objects by bucket, as they were counted before the first was copied.
    var counts: [[UInt8]: Int64]?
    var survey = S3Survey()
    /// Parameters that a place does not know and answers with a list of objects, which may take it long.
    var strangers: [String: Set<String>] = [:]

    /// Objects that are under way at a time: what is waited for is mostly the servers.
    private static let laneCount = 4
    let batch = 64
    let pause: UInt64 = 2_000_000_000

    /// - Parameter waker: the runner's, for what is asked outside of the lanes.
    init(
        from: ListenerState, to: ListenerState, waker: Waker, _ patience: MigrationPatience, _ habits: S3CopyHabits,
        _ serve: @escaping @Sendable (AcceptedConnection, ListenerState) async -> Void
    ) {
        let worker = waker.worker
        self.worker = worker
        let here = MigrationPlace(from.route.name, on: worker)
        let there = MigrationPlace(to.route.name, on: worker)
        self.habits = habits
        lanes = (0..<Self.laneCount).map { _ in
            let waker = Waker(worker: worker)
            return S3ObjectCopy(
                from: S3MigrationLink(to: from, waker: waker, patience, here, serve),
                to: S3MigrationLink(to: to, waker: waker, patience, there, serve),
                habits)
        }
        self.from = S3MigrationLink(to: from, waker: waker, patience, here, serve)
        self.to = S3MigrationLink(to: to, waker: waker, patience, there, serve)
    }

    // MARK: Copying

    func copy(
        _ keys: [[UInt8]], of part: MigrationPart, comparing: Bool
    ) async throws(LinkProblem) -> MigrationOutcome {
        let bucket = Self.bucket(part)
        var outcome = MigrationOutcome()
        // The bucket itself was made or taken away: before its objects come, or with those that it had.
        if keys.contains([]) { outcome = try await settle(bucket) }
        let objects = keys.filter { !$0.isEmpty }
        // Refused with the bucket, and not one by one.
        guard !objects.isEmpty, try await isHeld(bucket) else { return outcome }
        try await each(of: objects) { lane, key throws(LinkProblem) in
            try await lane.settle(bucket, key, comparing: comparing)
        } _: {
            outcome.add($1, of: $0)
        }
        return outcome
    }

    func deleteExtras(_ keys: [[UInt8]], of part: MigrationPart) async throws(LinkProblem) {
        let bucket = Self.bucket(part)
        let keys = try await unlisted(keys, in: bucket, at: .serving)
        try await each(of: keys) { lane, key throws(LinkProblem) in
            try await lane.deleteExtra(bucket, key)
        } _: { _, _ in
        }
    }

    func missing(
        _ keys: [[UInt8]], of part: MigrationPart, at side: MigrationSide
    ) async throws(LinkProblem) -> [[UInt8]] {
        let bucket = Self.bucket(part)
        var missing: [[UInt8]] = []
        let keys = try await unlisted(keys.sorted { $0.lexicographicallyPrecedes($1) }, in: bucket, at: side)
        try await each(of: keys) { lane, key throws(LinkProblem) in
            try await lane.lacks(bucket, key, at: side)
        } _: {
            if $1 { missing.append($0) }
        }
        return missing
    }

    /// Those of `keys`, in the order of a list, that a list of the bucket does not show: one answer tells of a thousand.
    private func unlisted(
        _ keys: [[UInt8]], in bucket: [UInt8], at side: MigrationSide
    ) async throws(LinkProblem) -> [[UInt8]] {
        guard let first = keys.first, let last = keys.last else { return [] }
        var listed: Set<[UInt8]> = []
        var cursor: [UInt8]?
        for _ in 0..<Self.listLimit {
            guard let list = try await list(bucket, at: side, after: cursor, startingAfter: first) else { break }
            listed.formUnion(list.objects.map(\.key))
            cursor = list.next
            guard cursor != nil, let end = list.objects.last?.key, end.lexicographicallyPrecedes(last) else { break }
        }
        return keys.filter { !listed.contains($0) }
    }

    /// Lists that are asked for one of the other place; what they do not show is asked for by itself.
    private static let listLimit = 3

    /// Has the lanes do `work` for each of `keys`, and hands over what came of it, one after the other.
    func each<Value: Sendable>(
        of keys: [[UInt8]],
        _ work: @escaping @Sendable (S3ObjectCopy, [UInt8]) async throws(LinkProblem) -> Value,
        _ take: ([UInt8], Value) -> Void
    ) async throws(LinkProblem) {
        do {
            try await withThrowingTaskGroup(of: (S3ObjectCopy, [UInt8], Value).self) { group in
                var rest = keys[...]
                func begin(_ lane: S3ObjectCopy) {
                    guard let key = rest.popFirst() else { return }
                    group.addTask(executorPreference: worker) {
                        try await withTaskCancellationHandler {
                            (lane, key, try await work(lane, key))
                        } onCancel: {
                            lane.from.waker.cancel()
                        }
                    }
                }
                for lane in lanes { begin(lane) }
                while let (lane, key, value) = try await group.next() {
                    take(key, value)
                    begin(lane)
                }
            }
        } catch let problem as LinkProblem {
            throw problem
        } catch {
            throw LinkProblem(description: "\(error)")
        }
    }

    // MARK: Listing

    static func bucket(_ part: MigrationPart) -> [UInt8] {
        if case .bucket(let name) = part { name } else { [] }
    }

    func page(
        of part: MigrationPart, at side: MigrationSide, after cursor: [UInt8]?
    ) async throws(LinkProblem) -> MigrationPage? {
        let list = try await list(Self.bucket(part), at: side, after: cursor)
        return list.map { MigrationPage(keys: $0.objects.map(\.key), next: $0.next) }
    }

    /// The next objects of a bucket; none where there is no such bucket, nil where they cannot be listed.
    func list(
        _ bucket: [UInt8], at side: MigrationSide, after cursor: [UInt8]?, startingAfter key: [UInt8]? = nil
    ) async throws(LinkProblem) -> S3ObjectList? {
        let link = link(side)
        var request = S3MigrationRequest(.get, bucket).with("list-type", "2").with("encoding-type", "url")
        if let key { request = request.with("start-after", key) }
        if let cursor { request = request.with("continuation-token", cursor) }
        let reply = try await link.ask(request)
        if reply.status == 501 { return nil }
        if reply.status == 404 { return S3ObjectList() }
        guard reply.isSuccess else { throw link.unexpected(reply, to: request) }
        do throws(S3ListProblem) {
            let list = try S3ObjectList(reply.body)
            guard list.next == nil || list.next != cursor else {
                throw S3ListProblem(text: "a list that goes on with itself")
            }
            return list
        } catch {
            throw LinkProblem(description: "'\(link.name)' answers \(request.label) with \(error.text)")
        }
    }

    func link(_ side: MigrationSide) -> S3MigrationLink { side == .serving ? from : to }

    func parts(of side: MigrationSide) async throws(LinkProblem) -> [(part: MigrationPart, keys: Int64?)] {
        let names = try await buckets(link(side))
        guard side == .serving else { return names.map { (.bucket($0), nil) } }
        // One answer tells of a thousand objects: counting them is little beside copying them.
        if counts == nil {
            var found: [[UInt8]: Int64] = [:]
            for name in names {
                var cursor: [UInt8]?
                repeat {
                    guard let list = try await list(name, at: side, after: cursor) else { break }
                    found[name, default: 0] += Int64(list.objects.count)
                    cursor = list.next
                } while cursor != nil
            }
            counts = found
        }
        return names.map { (.bucket($0), counts?[$0] ?? 0) }
    }

    func close() async {
        for lane in lanes {
            await lane.from.close()
            await lane.to.close()
        }
        await from.close()
        await to.close()
    }
}

extension MigrationOutcome {
    fileprivate mutating func add(_ result: S3CopyResult, of key: [UInt8]) {
        switch result {
        case .same: break
        case .retagged(let bytes):
            retagged += 1
            guard let bytes else { return }
            copied += 1
            self.bytes += bytes
            differing += 1
        case .copied(let bytes, let differed):
            copied += 1
            self.bytes += bytes
            if differed { differing += 1 }
        case .gone(let differed): if differed { differing += 1 }
        case .refused(let type, let reason, let bytes):
            refused.append((key, type, reason))
            if let bytes {
                copied += 1
                self.bytes += bytes
            }
        case .again: again.append(key)
        }
    }
}
