// The log: what was committed is there again, and what is broken is noticed.

import Capabilities
import Foundation
import TestSupport
import Testing

@testable import EmbeddedAdapter

@Suite("The log")
struct LogTests {
    let store: StoreUnderTest
    init() throws { store = try StoreUnderTest() }

    private var log: String { store.path + "/keys-1.log" }

    /// Things of every kind, and every kind of change to them.
    static let everything: [Call] = {
        let hash = { (action: HashAction) in Call.hash(HashOperation(b("h"), action)) }
        let push = { (side: ListSide) in
            Call.list(.push(key: b("l"), values: ["a", "b", "c", "a", "d", "e"].map(b), side, onlyIfPresent: false))
        }
        let move = { (to: String) in Call.list(.move(from: b("l"), to: b(to), take: .left, put: .right, wait: nil)) }
        let scored = ["a", "b", "c", "d", "e"].enumerated().map { ScoredMember(b($1), score: Double($0) - 0.5) }
        let expiring = SetOptions(expiry: .at(1_500_000))
        let strings: [Call] = [
            .keyValue(.set(key: b("s"), value: b("value"), SetOptions())),
            .keyValue(.set(key: b("t"), value: [0, 255, 13, 10], expiring)),
            .keyValue(.setMany([Pair(b("x"), b("1")), Pair([], b("empty name"))], onlyIfAllAbsent: false)),
            .keyValue(.append(key: b("s"), value: b("+"))),
            .keyValue(.overwrite(key: b("s"), offset: 9, value: b("gap"))),
            .keyValue(.increment(key: b("n"), by: 41)), .keyValue(.increment(key: b("n"), by: 1)),
            .keyValue(.incrementFloat(key: b("f"), by: b("1.25"))),
            .keyValue(.expire(key: b("s"), at: 1_600_000, .always)),
            .keyValue(.persist(key: b("t"))), .keyValue(.getAndExpire(key: b("n"), .at(1_700_000))),
            .keyValue(.rename(from: b("x"), to: b("y"), onlyIfAbsent: false)),
            .keyValue(.copy(from: b("s"), to: b("s2"), toDatabase: 5, replaces: false)),
            .keyValue(.getAndDelete(key: b("f"))), .keyValue(.delete(keys: [b("y")])),
        ]
        let collections: [Call] = [
            hash(.set([Pair(b("f"), b("1")), Pair(b("g"), b("2"))])), hash(.increment(field: b("f"), by: 4)),
            hash(.incrementFloat(field: b("e"), by: b("0.5"))), hash(.setIfAbsent(field: b("i"), value: b("x"))),
            hash(.delete(fields: [b("g")])), push(.right), push(.left), .list(.pop(key: b("l"), .left, count: 2)),
            .list(.setItem(key: b("l"), index: 1, value: b("set"))),
            .list(.insert(key: b("l"), before: false, pivot: b("set"), value: b("inserted"))),
            .list(.remove(key: b("l"), value: b("a"), count: -2)), move("m"), move("l"),
            .list(.trim(key: b("l"), first: 1, last: -2)),
            .list(.popFirst(keys: [b("l")], .right, count: 1, wait: nil)),
            .set(.add(key: b("set"), members: (0..<40).map { b("m\($0)") })), .set(.pop(key: b("set"), count: 7)),
            .set(.remove(key: b("set"), members: [b("m1"), b("m2")])),
            .set(.move(from: b("set"), to: b("other"), member: b("m3"))),
            .set(.combine(.union, keys: [b("set"), b("other")], store: b("union"))),
            .sortedSet(.add(key: b("z"), scored, SortedSetAddOptions())),
            .sortedSet(.remove(key: b("z"), members: [b("c")])),
            .sortedSet(.pop(key: b("z"), highest: true, count: 1)),
            .sortedSet(.removeRange(key: b("z"), .ranks(first: 0, last: 0))),
            .sortedSet(.storeRange(from: b("z"), to: b("z2"), SortedSetSlice(.ranks(first: 0, last: -1)))),
            .sortedSet(.combine(.union, keys: [b("z"), b("set")], weights: [], aggregate: .sum, store: b("z3"))),
            .keyValue(.copy(from: b("z3"), to: b("z4"), toDatabase: nil, replaces: true)),
        ]
        let others: [Call] = [
            .queue(.put(queue: b("q"), payload: b("one"), delayMilliseconds: 0)),
            .queue(.put(queue: b("q"), payload: b("two"), delayMilliseconds: 9000)),
            .queue(.put(queue: b("q"), payload: b("three"), delayMilliseconds: 0)),
            .queue(.reserve(queue: b("q"), visibilityMilliseconds: 5000, wait: nil)),
            .queue(.reserve(queue: b("q"), visibilityMilliseconds: 5000, wait: nil)),
            .queue(.acknowledge(queue: b("q"), id: b("1"))),
            .queue(.release(queue: b("q"), id: b("3"), delayMilliseconds: 7)),
            .lock(.acquire(name: b("a"), owner: b("me"), ttlMilliseconds: 1000)),
            .lock(.acquire(name: b("b"), owner: b("me"), ttlMilliseconds: 1000)),
            .lock(.extend(name: b("a"), owner: b("me"), ttlMilliseconds: 5000)),
            .lock(.release(name: b("b"), owner: b("me"))),
            .sequence(name: b("n"), count: 10), .keyValue(.clear(everyDatabase: false)),
        ]
        return strings + collections + others
    }()

    @Test("after every operation everything is there again")
    func everyOperation() throws {
        for operation in Self.everything {
            _ = try store.call(operation)
            let before = store.contents
            try store.reopen()
            #expect(store.contents == before, "\(operation)")
        }
        #expect(store.contents["5 \(b("s2"))"] != nil)
        #expect(store.contents.keys.filter { $0.hasPrefix("queue") || $0.hasPrefix("lock") }.count == 2)
    }

    @Test("a key that had expired before it was made anew is not the old one after a restart")
    func expiredBetween() throws {
        try store.set("k", "v", SetOptions(expiry: .at(1_000_010)))
        store.now = 1_000_010
        try store.push("k", "x")
        let before = store.contents
        try store.reopen()
        #expect(store.contents == before)
        #expect(try store.items("k") == .texts("x"))
        #expect(try store.call(.expiry(key: b("k"))) == .done)
    }

    @Test("what was not committed is not there")
    func uncommitted() throws {
        try store.set("a", "1")
        try store.commit()
        try store.set("b", "1")
        try store.reopenAsCrashed()
        #expect(try store.exists("a"))
        #expect(try !store.exists("b"))
    }

    private func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: log))) }
    private func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test("a log that ends anywhere in its last write loads up to the write before, and goes on")
    func torn() throws {
        try store.set("a", "1")
        try store.commit()
        let before = store.contents
        let whole = try bytes().count
        try store.set("b", "2")
        try store.set("a", "3")
        try store.commit()
        let after = store.contents
        let all = try bytes()
        #expect(all.count > whole + Frame.headSize)
        for end in whole...all.count {
            let folder = try TemporaryFolder()
            try write(Array(all[..<end]), to: folder.file("keys-1.log"))
            let torn = try EmbeddedStore(folder.path, policy: .never, maximumMemory: .max)
            #expect(torn.withState { $0.contents } == (end == all.count ? after : before), "cut at \(end)")
            #expect(torn.notices.count == (end == whole || end == all.count ? 0 : 1), "cut at \(end)")
        }
        for end in 0..<LogFile.heading.count {
            let folder = try TemporaryFolder()
            try write(Array(all[..<end]), to: folder.file("keys-1.log"))
            _ = try EmbeddedStore(folder.path, policy: .never, maximumMemory: .max)
        }
        // What is cut off does not come back when the log goes on behind it.
        try write(Array(all[..<(all.count - 1)]), to: log)
        try store.reopenAsCrashed()
        try store.set("c", "4")
        try store.reopen()
        #expect(try store.exists("c"))
        #expect(try !store.exists("b"))
    }

    @Test("a transaction is replayed in full or not at all")
    func transactionsStayWhole() async throws {
        try store.set("a", "1")
        try store.commit()
        let whole = try bytes().count
        let steps = ["b", "c", "d"].map {
            TransactionStep(.keyValue(.set(key: b($0), value: b("2"), SetOptions())), database: 0)
        }
        _ = try await store.service.perform(steps, ifUnchanged: [], store.context)
        try store.commit()
        let all = try bytes()
        for end in whole..<all.count {
            try write(Array(all[..<end]), to: log)
            try store.reopenAsCrashed()
            #expect(try store.call(.count) == .integer(1))
        }
    }

    @Test("a harmed byte before the last write stops the start with a word about where")
    func corrupt() throws {
        for name in ["a", "b", "c"] {
            try store.set(name, "value")
            try store.commit()
        }
        let all = try bytes()
        for place in stride(from: LogFile.heading.count, to: all.count - 60, by: 1) {
            var harmed = all
            harmed[place] ^= 0x10
            let folder = try TemporaryFolder()
            try write(harmed, to: folder.file("keys-1.log"))
            let error = #expect(throws: AdapterError.self) {
                try EmbeddedStore(folder.path, policy: .never, maximumMemory: .max)
            }
            #expect(error?.description.contains("keys-1.log is damaged at byte") == true, "\(place)")
        }
    }

    @Test("a file of something else stops the start")
    func foreign() throws {
        try store.commit()
        try write(b("hello, this is not a log of ours"), to: log)
        let error = #expect(throws: AdapterError.self) { try store.reopenAsCrashed() }
        #expect(error?.description.contains("no log of this store's format") == true)
    }

    @Test("a folder belongs to one store at a time")
    func locked() throws {
        let error = #expect(throws: AdapterError.self) {
            try EmbeddedStore(store.path, policy: .never, maximumMemory: .max)
        }
        #expect(error?.description.contains("in use by another process") == true)
    }

    // MARK: Snapshots

    @Test("a snapshot holds everything, and the log goes on from it")
    func snapshot() throws {
        for operation in Self.everything.dropLast() { _ = try store.call(operation) }
        try store.commit()
        try store.store.takeSnapshot(0)
        let names = try FileManager.default.contentsOfDirectory(atPath: store.path).sorted()
        #expect(names == ["keys-2.log", "keys-2.snapshot", "lock"])
        let before = store.contents
        try store.reopen()
        #expect(store.contents == before)
        for operation in Self.everything.dropLast() { _ = try? store.call(operation) }
        let later = store.contents
        #expect(later != before)
        try store.reopen()
        #expect(store.contents == later)
    }

    @Test("a snapshot is of one moment, whatever changes while it is written")
    func snapshotUnderChange() throws {
        for index in 0..<3000 {
            try store.set("k\(index)", "old")
            try store.add("set", "m\(index)")
            try store.push("list", "i\(index)")
            try store.score("z", ["m\(index)": Double(index)])
            _ = try store.hash("h", .set([Pair(b("f\(index)"), b("old"))]))
            _ = try store.call(.put(queue: b("q"), payload: b("p\(index)"), delayMilliseconds: 0))
        }
        let before = store.contents
        let snapshot = store.store.withState { Snapshot(of: $0) }
        for index in 0..<3000 {
            if index % 3 == 0 { _ = try store.call(.delete(keys: [b("k\(index)")])) }
            if index % 3 == 1 { _ = try store.call(.append(key: b("k\(index)"), value: b("new"))) }
            if index % 3 == 2 { _ = try store.call(.expire(key: b("k\(index)"), at: 9_000_000, .always)) }
            try store.set("n\(index)", "new")
            _ = try store.call(SetOperation.remove(key: b("set"), members: [b("m\(index)")]))
            _ = try store.call(ListOperation.pop(key: b("list"), .left, count: nil))
            try store.score("z", ["m\(index)": Double(-index)])
            _ = try store.hash("h", .set([Pair(b("f\(index)"), b("new"))]))
            _ = try store.call(.reserve(queue: b("q"), visibilityMilliseconds: 100, wait: nil))
        }
        let folder = try TemporaryFolder()
        _ = try snapshot.write(to: try LogFile(folder.file("keys-4.snapshot")))
        let restored = try EmbeddedStore(folder.path, policy: .never, maximumMemory: .max)
        #expect(restored.withState { $0.contents } == before)
    }

    @Test("a snapshot that was never finished is no harm")
    func unfinishedSnapshot() throws {
        try store.set("a", "1")
        try store.commit()
        try write(b("half a snapsh"), to: store.path + "/keys-2.snapshot.part")
        try write(LogFile.heading, to: store.path + "/keys-2.log")
        try store.reopenAsCrashed()
        #expect(try store.exists("a"))
        try store.set("b", "1")
        try store.reopen()
        #expect(try store.exists("a"))
        #expect(try store.exists("b"))
        try store.store.takeSnapshot(0)
        try store.reopen()
        #expect(try store.exists("b"))
        try FileManager.default.removeItem(atPath: store.path + "/keys-3.snapshot")
        #expect(throws: AdapterError.self) { try store.reopenAsCrashed() }
    }

    @Test("a snapshot is wanted when the log is more than twice what lives, and large enough")
    func wantsSnapshot() throws {
        for _ in 0..<2000 { try store.set("k", "a value that is set again and again") }
        try store.commit()
        #expect(store.store.wantsSnapshot(0, minimum: 1000))
        #expect(!store.store.wantsSnapshot(0, minimum: 1 << 30))
        try store.store.takeSnapshot(0)
        #expect(!store.store.wantsSnapshot(1, minimum: 1000))
        for index in 0..<2000 { try store.set("k\(index)", "a value") }
        try store.commit()
        #expect(!store.store.wantsSnapshot(1_000_000, minimum: 1000))
    }

    @Test("what is set again and again takes few times what lives, however often that is in a minute")
    func boundedLog() throws {
        let value = String(repeating: "v", count: 1000)
        var largest = 0
        for round in 0..<200 {
            for key in 0..<10 { try store.set("k\(key)", value) }
            try store.commit()
            if store.store.wantsSnapshot(1_000_000 + Int64(round), minimum: 30_000) {
                try store.store.takeSnapshot(1_000_000 + Int64(round))
            }
            largest = max(largest, try bytesOfFolder())
        }
        // Two million bytes were written, ten thousand live.
        #expect(largest < 100_000)
    }

    @Test("a snapshot that fails is not tried again for a minute")
    func failedSnapshot() throws {
        for _ in 0..<2000 { try store.set("k", "a value that is set again and again") }
        try store.commit()
        try FileManager.default.createDirectory(
            atPath: store.path + "/keys-2.snapshot.part", withIntermediateDirectories: false)
        #expect(throws: FileError.self) { try store.store.takeSnapshot(5) }
        #expect(!store.store.wantsSnapshot(60_004, minimum: 1000))
        #expect(store.store.wantsSnapshot(60_005, minimum: 1000))
    }

    private func bytesOfFolder() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: store.path).reduce(0) { sum, name in
            let size = try FileManager.default.attributesOfItem(atPath: "\(store.path)/\(name)")[.size] as? Int
            return sum + (size ?? 0)
        }
    }

    @Test("nothing is answered as done when the disk is full, reading goes on, and so does writing once there is room")
    func diskFull() throws {
        try store.set("a", "1")
        try store.commit()
        // The store's descriptor leads to a device that has no room, and later to its file again.
        let descriptor = try #require(openDescriptor(of: log))
        let file = dup(descriptor)
        let full = open("/dev/full", O_WRONLY)
        #expect(dup2(full, descriptor) == descriptor)
        try store.set("b", "2")
        let error = #expect(throws: Failure.self) { try store.commit() }
        #expect("\(error as Any)".contains("No space left on device"))
        #expect(throws: Failure.self) { try store.set("c", "1") }
        #expect(try store.get("a") == .text("1"))
        try store.commit()
        #expect(dup2(file, descriptor) == descriptor)
        close(file)
        close(full)
        try store.set("c", "1")
        try store.reopen()
        #expect(try store.exists("b"))
        #expect(try store.exists("c"))
    }

    private func openDescriptor(of path: String) -> Int32? {
        let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        return (3..<4096).first { number in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")) == path
        }
    }
}
