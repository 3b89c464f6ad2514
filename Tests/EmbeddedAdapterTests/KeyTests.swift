// Keys whatever they hold: expiry, names, databases, walking.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Keys")
struct KeyTests {
    let store: StoreUnderTest
    init() throws { store = try StoreUnderTest() }

    private func expire(_ key: String, _ time: Int64, _ condition: ExpireCondition = .always) throws -> Answer {
        try store.call(.expire(key: b(key), at: time, condition))
    }
    private func expiry(_ key: String) throws -> Answer { try store.call(.expiry(key: b(key))) }

    @Test("a key goes when its time has come and not before")
    func expires() throws {
        try store.set("k", "v", SetOptions(expiry: .at(1_000_100)))
        try store.set("other", "v")
        store.now = 1_000_099
        #expect(try store.get("k") == .text("v"))
        #expect(try expiry("k") == .integer(1_000_100))
        store.now = 1_000_100
        #expect(try store.get("k") == .missing)
        #expect(try expiry("k") == .missing)
        #expect(try expiry("other") == .done)
        #expect(try store.call(.count) == .integer(1))
    }

    @Test("a time that has passed deletes the key")
    func expiresAtOnce() throws {
        for time in [1_000_000, 5, -1, Int64.min] as [Int64] {
            try store.set("k", "v")
            #expect(try expire("k", time) == .flag(true))
            #expect(try !store.exists("k"))
            try store.set("k", "v")
            try store.set("k", "w", SetOptions(expiry: .at(time)))
            #expect(try !store.exists("k"))
            try store.set("k", "v")
            #expect(try store.call(.getAndExpire(key: b("k"), .at(time))) == .text("v"))
            #expect(try !store.exists("k"))
        }
        #expect(try expire("none", 2_000_000) == .flag(false))
    }

    @Test("an expiry is set as its condition says")
    func conditions() throws {
        try store.set("k", "v")
        let cases: [(ExpireCondition, Int64, Bool)] = [
            (.ifSome, 2_000_000, false), (.ifLater, 2_000_000, false), (.ifSomeAndLater, 2_000_000, false),
            (.ifSomeAndEarlier, 2_000_000, false), (.ifEarlier, 2_000_000, true), (.ifNone, 3_000_000, false),
            (.ifSome, 3_000_000, true), (.ifLater, 3_000_000, false), (.ifLater, 3_000_001, true),
            (.ifEarlier, 3_000_001, false), (.ifEarlier, 3_000_000, true), (.ifSomeAndLater, 4_000_000, true),
            (.ifSomeAndEarlier, 3_500_000, true),
        ]
        for (condition, time, holds) in cases {
            #expect(try expire("k", time, condition) == .flag(holds), "\(condition) \(time)")
        }
        #expect(try expiry("k") == .integer(3_500_000))
        #expect(try store.call(.persist(key: b("k"))) == .flag(true))
        #expect(try store.call(.persist(key: b("k"))) == .flag(false))
        #expect(try expire("k", 3_000_000, .ifNone) == .flag(true))
    }

    @Test("setting takes the expiry away unless it is to be kept; changes leave it alone")
    func keptExpiry() throws {
        let options = SetOptions(expiry: .at(2_000_000))
        try store.set("n", "1", options)
        _ = try store.call(.increment(key: b("n"), by: 1))
        _ = try store.call(.incrementFloat(key: b("n"), by: b("1")))
        _ = try store.call(.append(key: b("n"), value: b("0")))
        _ = try store.call(.overwrite(key: b("n"), offset: 0, value: b("7")))
        try store.set("n", "5", SetOptions(expiry: .kept))
        #expect(try store.call(.getAndExpire(key: b("n"), .kept)) == .text("5"))
        #expect(try expiry("n") == .integer(2_000_000))
        #expect(try store.call(.getAndExpire(key: b("n"), .at(3_000_000))) == .text("5"))
        #expect(try expiry("n") == .integer(3_000_000))
        #expect(try store.call(.getAndExpire(key: b("n"), .never)) == .text("5"))
        #expect(try expiry("n") == .done)
        try store.set("n", "1", options)
        try store.set("n", "1")
        #expect(try expiry("n") == .done)
    }

    @Test("what has expired is deleted without being asked for, a little at a time")
    func sweeps() throws {
        for index in 0..<5000 {
            try store.set("k\(index)", "v", index % 5 == 0 ? SetOptions() : SetOptions(expiry: .at(2_000_000)))
        }
        try store.set("later", "v", SetOptions(expiry: .at(9_000_000)))
        while store.store.keep(1_999_999) {}
        #expect(try store.call(.count) == .integer(5001))
        let first = store.store.keep(2_000_000)
        guard case .integer(let left) = try store.call(.count) else { throw Failure.wrongType }
        #expect(first && left < 5001 && left > 1001)
        while store.store.keep(2_000_000) {}
        #expect(try store.call(.count) == .integer(1001))
        _ = try store.call(.delete(keys: (0..<5000).map { b("k\($0)") }))
        while store.store.keep(9_000_000) {}
        #expect(try store.call(.count) == .integer(0))
        #expect(store.store.withState { $0.memory } == 0)
    }

    @Test("deleting and asking count each key that was there")
    func counting() throws {
        try store.set("a", "1")
        try store.push("l", "x")
        #expect(try store.call(.exists(keys: ["a", "a", "l", "none"].map(b))) == .integer(3))
        #expect(try store.call(.touch(keys: ["a", "none"].map(b))) == .integer(1))
        #expect(try store.call(.delete(keys: ["a", "a", "l", "none"].map(b))) == .integer(2))
        #expect(try store.call(.count) == .integer(0))
    }

    @Test("renaming takes value and expiry along and replaces what is there")
    func renames() throws {
        try store.push("l", "x")
        _ = try expire("l", 2_000_000)
        try store.set("s", "v")
        let rename = { (from: String, to: String, onlyIfAbsent: Bool) throws in
            try self.store.call(.rename(from: b(from), to: b(to), onlyIfAbsent: onlyIfAbsent))
        }
        #expect(try rename("l", "s", true) == .flag(false))
        #expect(try rename("l", "s", false) == .flag(true))
        #expect(try store.items("s") == .texts("x"))
        #expect(try expiry("s") == .integer(2_000_000))
        #expect(try !store.exists("l"))
        #expect(try rename("s", "s", false) == .flag(true))
        #expect(try rename("s", "s", true) == .flag(false))
        #expect(try rename("s", "t", true) == .flag(true))
        #expect(throws: Failure.noSuchKey) { try rename("none", "t", false) }
        #expect(throws: Failure.noSuchKey) { try rename("none", "none", false) }
    }

    @Test("a copy changes apart from its source, in this database or another")
    func copies() throws {
        let copy = { (to: String, database: Int?, replaces: Bool) throws in
            try self.store.call(.copy(from: b("h"), to: b(to), toDatabase: database, replaces: replaces))
        }
        #expect(try copy("c", nil, false) == .flag(false))
        _ = try store.hash("h", .set([Pair(b("f"), b("1"))]))
        _ = try expire("h", 2_000_000)
        #expect(try copy("c", nil, false) == .flag(true))
        #expect(try copy("c", nil, false) == .flag(false))
        #expect(try copy("h", 3, true) == .flag(true))
        _ = try store.hash("h", .set([Pair(b("f"), b("2"))]))
        #expect(try store.hash("c", .get(field: b("f"))) == .text("1"))
        #expect(try expiry("c") == .integer(2_000_000))
        #expect(try copy("c", nil, true) == .flag(true))
        #expect(try store.hash("c", .get(field: b("f"))) == .text("2"))
        #expect(throws: Failure.invalid("source and destination objects are the same")) { try copy("h", nil, true) }
        #expect(throws: Failure.invalid("DB index is out of range")) { try copy("h", 16, true) }
        #expect(throws: Failure.invalid("DB index is out of range")) { try copy("h", -1, true) }
        store.database = 3
        #expect(try store.hash("h", .get(field: b("f"))) == .text("1"))
    }

    @Test("databases are apart, and are cleared one by one or together")
    func databases() throws {
        try store.set("k", "0")
        store.database = 15
        #expect(try store.get("k") == .missing)
        try store.set("k", "15")
        #expect(try store.call(.clear(everyDatabase: false)) == .done)
        #expect(try store.get("k") == .missing)
        store.database = 0
        #expect(try store.get("k") == .text("0"))
        #expect(try store.call(.clear(everyDatabase: true)) == .done)
        #expect(try store.call(.count) == .integer(0))
        store.database = 16
        #expect(throws: Failure.invalid("DB index is out of range")) { try store.get("k") }
        #expect(store.store.withState { $0.memory } == 0)
    }

    @Test("keys that expire, and how long they have, are counted as they come and go")
    func keyspaces() throws {
        func facts() -> [KeyspaceFacts] { store.service.keyspaces(store.now) ?? [] }
        func one(_ keys: Int, _ expiring: Int, _ mean: Int64) -> [KeyspaceFacts] {
            [KeyspaceFacts(database: 0, keys: keys, expiring: expiring, meanTimeToLive: mean)]
        }
        #expect(facts() == [])
        try store.set("a", "1", SetOptions(expiry: .at(store.now + 1_000)))
        try store.set("b", "1", SetOptions(expiry: .at(store.now + 3_000)))
        try store.set("c", "1")
        #expect(facts() == one(3, 2, 2_000))
        _ = try store.call(.expire(key: b("b"), at: store.now + 5_000, .always))
        #expect(facts() == one(3, 2, 3_000))
        #expect(try store.call(.persist(key: b("a"))) == .flag(true))
        #expect(facts() == one(3, 1, 5_000))
        try store.set("c", "2", SetOptions(expiry: .at(store.now + 1_000)))
        #expect(try store.call(.rename(from: b("c"), to: b("d"), onlyIfAbsent: false)) == .flag(true))
        #expect(facts() == one(3, 2, 3_000))
        store.now += 2_000
        #expect(try store.get("d") == .missing)
        #expect(facts() == one(2, 1, 3_000))
        #expect(try store.call(.delete(keys: [b("b")])) == .integer(1))
        #expect(facts() == one(1, 0, 0))
        store.database = 3
        try store.set("x", "1", SetOptions(expiry: .at(.max - 1)))
        try store.set("y", "1", SetOptions(expiry: .at(.max - 1)))
        #expect(facts().last == KeyspaceFacts(database: 3, keys: 2, expiring: 2, meanTimeToLive: .max - 1 - store.now))
        #expect(try store.call(.clear(everyDatabase: true)) == .done)
        #expect(facts() == [])
    }

    @Test("a random key is one that is there")
    func randomKey() throws {
        #expect(try store.call(.randomKey) == .missing)
        for index in 0..<20 { try store.set("gone\(index)", "v", SetOptions(expiry: .at(1_000_001))) }
        try store.set("a", "1")
        try store.set("b", "1")
        store.now = 1_000_001
        var seen: Set<String> = []
        for _ in 0..<200 { seen.insert("\(try store.call(.randomKey))") }
        #expect(seen == ["\(Answer.text("a"))", "\(Answer.text("b"))"])
    }

    // MARK: Walking

    private func scan(
        match: String? = nil, count: Int = 10, type: String? = nil, during: (Int) throws -> Void = { _ in }
    )
        throws -> [[UInt8]]
    {
        var cursor: UInt64 = 0
        var found: [[UInt8]] = []
        var pages = 0
        repeat {
            guard
                case .page(let next, let page) = try store.call(
                    KeyValueOperation.scan(cursor: cursor, match: match.map(b), count: count, type: type.map(b)))
            else { throw Failure.wrongType }
            for case .bytes(let key) in page { found.append(key) }
            cursor = next
            pages += 1
            try during(pages)
        } while cursor != 0 && pages < 100_000
        return found
    }

    @Test("a scan meets every key once while nothing changes", arguments: [0, 1, 8, 9, 100, 3000])
    func scans(count: Int) throws {
        for index in 0..<count { try store.set("k\(index)", "v") }
        let found = try scan(count: 7)
        #expect(found.count == count)
        #expect(Set(found) == Set((0..<count).map { b("k\($0)") }))
    }

    @Test("a key that stays is met however much comes and goes during the scan", arguments: [1, 10, 300])
    func scansUnderChange(count: Int) throws {
        for index in 0..<400 { try store.set("stays\(index)", "v") }
        for index in 0..<2000 { try store.set("goes\(index)", "v") }
        let found = try scan(count: count) { page in
            if page % 3 == 0 {
                for index in 0..<20 { _ = try store.call(.delete(keys: [b("goes\(page * 20 + index)")])) }
            }
            if page % 3 == 1 { for index in 0..<50 where page < 200 { try store.set("new\(page)-\(index)", "v") } }
        }
        #expect(Set(found).isSuperset(of: (0..<400).map { b("stays\($0)") }))
    }

    @Test("a scan of a table that shrinks to almost nothing still meets what stays")
    func scansWhileShrinking() throws {
        for index in 0..<4000 { try store.set("goes\(index)", "v") }
        for index in 0..<3 { try store.set("stays\(index)", "v") }
        let found = try scan(count: 100) { page in
            _ = try store.call(.delete(keys: (0..<400).map { b("goes\((page - 1) * 400 + $0)") }))
        }
        #expect(Set(found).isSuperset(of: (0..<3).map { b("stays\($0)") }))
    }

    @Test("a scan can be told a pattern and a type, and takes any cursor")
    func scanFilters() throws {
        try store.set("a1", "v")
        try store.set("b1", "v")
        try store.push("a2", "x")
        try store.set("a3", "v", SetOptions(expiry: .at(1_000_001)))
        store.now = 1_000_001
        #expect(Set(try scan(match: "a*")) == [b("a1"), b("a2")])
        #expect(try scan(type: "list") == [b("a2")])
        #expect(try scan(match: "a*", type: "string") == [b("a1")])
        #expect(try scan(type: "stream").isEmpty)
        for index in 0..<100 { try store.set("k\(index)", "v") }
        for cursor in [1, 12345, 1 << 32, UInt64.max] {
            guard
                case .page = try store.call(
                    KeyValueOperation.scan(cursor: cursor, match: nil, count: .max, type: nil))
            else { throw Failure.wrongType }
        }
        #expect(try store.call(.keys(match: b("a*"))).sorted == .texts("a1", "a2"))
    }
}
