// Keys that hold bytes.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Strings")
struct StringTests {
    let store: StoreUnderTest
    init() throws { store = try StoreUnderTest() }

    @Test("a value is what was set last, and nothing before that")
    func setAndGet() throws {
        #expect(try store.get("k") == .missing)
        try store.set("k", "one")
        try store.set("k", "two")
        #expect(try store.get("k") == .text("two"))
        #expect(try store.call(KeyValueOperation.length(key: b("k"))) == .integer(3))
        #expect(try store.call(.type(key: b("k"))) == .text("string"))
        #expect(try store.call(.getAndDelete(key: b("k"))) == .text("two"))
        #expect(try store.get("k") == .missing)
    }

    @Test("a condition decides whether a value is set")
    func conditions() throws {
        let set = { (condition: SetCondition, old: Bool) throws in
            try self.store.call(
                .set(key: b("k"), value: b("new"), SetOptions(condition, returnsOld: old)))
        }
        #expect(try set(.present, false) == .missing)
        #expect(try set(.present, true) == .missing)
        #expect(try !store.exists("k"))
        #expect(try set(.absent, false) == .done)
        try store.set("k", "old")
        #expect(try set(.absent, false) == .missing)
        #expect(try set(.absent, true) == .text("old"))
        #expect(try store.get("k") == .text("old"))
        #expect(try set(.present, true) == .text("old"))
        #expect(try store.get("k") == .text("new"))
    }

    @Test("asking for the old value of another type fails, and nothing is set")
    func oldOfAnotherType() throws {
        try store.push("l", "x")
        #expect(throws: Failure.wrongType) {
            try store.call(.set(key: b("l"), value: b("v"), SetOptions(returnsOld: true)))
        }
        #expect(try store.items("l") == .texts("x"))
        try store.set("l", "v")
        #expect(try store.get("l") == .text("v"))
    }

    @Test("a version lets one of two writers win")
    func versions() throws {
        try store.set("k", "one")
        guard case .versioned(let value, let version) = try store.call(.getVersioned(key: b("k"))) else {
            throw Failure.wrongType
        }
        #expect(value == b("one"))
        let set = { try self.store.call(.set(key: b("k"), value: b("two"), SetOptions(.version(version)))) }
        #expect(try set() == .done)
        #expect(try set() == .missing)
        #expect(try store.call(.deleteVersion(key: b("k"), version)) == .flag(false))
        guard case .versioned(_, let next) = try store.call(.getVersioned(key: b("k"))) else { throw Failure.wrongType }
        #expect(try store.call(.deleteVersion(key: b("k"), next)) == .flag(true))
        #expect(try !store.exists("k"))
    }

    @Test("versions do not come again after a restart")
    func versionsAcrossRuns() throws {
        try store.set("k", "one")
        let before = try store.call(.getVersioned(key: b("k")))
        try store.reopen()
        #expect(try store.call(.getVersioned(key: b("k"))) != before)
    }

    @Test("several keys are set together, or none when one is there")
    func many() throws {
        let pairs = [Pair(b("a"), b("1")), Pair(b("b"), b("2"))]
        #expect(try store.call(.setMany(pairs, onlyIfAllAbsent: true)) == .flag(true))
        #expect(
            try store.call(.setMany([Pair(b("c"), b("3")), Pair(b("a"), b("9"))], onlyIfAllAbsent: true))
                == .flag(false))
        try store.push("l", "x")
        #expect(
            try store.call(.getMany(keys: ["a", "c", "b", "l"].map(b)))
                == .list([.text("1"), .missing, .text("2"), .missing]))
    }

    @Test(
        "a part of a value is taken by positions from either end",
        arguments: [
            (0, 4, "Hello"), (-5, -1, "World"), (0, -1, "Hello World"), (3, 2, ""), (-3, -5, ""), (5, 100, " World"),
            (-100, 2, "Hel"), (100, 200, ""), (Int64.min, Int64.max, "Hello World"), (Int64.max, Int64.max, ""),
            (0, -100, "H"), (-1, Int64.min, ""),
        ] as [(Int64, Int64, String)])
    func part(first: Int64, last: Int64, expected: String) throws {
        try store.set("k", "Hello World")
        #expect(try store.call(KeyValueOperation.range(key: b("k"), first: first, last: last)) == .text(expected))
        #expect(try store.call(KeyValueOperation.range(key: b("none"), first: first, last: last)) == .text(""))
    }

    @Test("writing into a value fills a gap with zeros")
    func overwrite() throws {
        let write = { (offset: Int64, value: String) throws in
            try self.store.call(.overwrite(key: b("k"), offset: offset, value: b(value)))
        }
        #expect(try write(5, "") == .integer(0))
        #expect(try !store.exists("k"))
        #expect(try write(2, "cd") == .integer(4))
        #expect(try store.get("k") == .bytes([0, 0] + b("cd")))
        #expect(try write(0, "ab") == .integer(4))
        #expect(try write(3, "DEF") == .integer(6))
        #expect(try store.get("k") == .text("abcDEF"))
        #expect(throws: Failure.invalid("offset is out of range")) { try write(-1, "x") }
        #expect(throws: Failure.tooLarge(limit: longestString)) { try write(536_870_911, "xy") }
        #expect(throws: Failure.tooLarge(limit: longestString)) { try write(.max, "x") }
    }

    @Test("appending starts from nothing")
    func append() throws {
        #expect(try store.call(.append(key: b("k"), value: b(""))) == .integer(0))
        #expect(try store.exists("k"))
        #expect(try store.call(.append(key: b("k"), value: b("ab"))) == .integer(2))
        #expect(try store.call(.append(key: b("k"), value: b("c"))) == .integer(3))
        #expect(try store.get("k") == .text("abc"))
    }

    @Test("whole numbers are added within 64 bits, and only whole numbers")
    func increments() throws {
        let add = { (amount: Int64) throws in try self.store.call(.increment(key: b("n"), by: amount)) }
        #expect(try add(5) == .integer(5))
        #expect(try add(-7) == .integer(-2))
        #expect(try store.get("n") == .text("-2"))
        #expect(try store.call(.append(key: b("n"), value: b("0"))) == .integer(3))
        #expect(try add(0) == .integer(-20))
        try store.set("n", "9223372036854775807")
        #expect(throws: Failure.overflow) { try add(1) }
        #expect(try add(.min) == .integer(-1))
        for text in ["", "01", " 1", "1 ", "+1", "-", "-0", "1.0", "9223372036854775808", "99999999999999999999", "x"] {
            try store.set("n", text)
            #expect(throws: Failure.notAnInteger, "\(text)") { try add(1) }
        }
        try store.set("n", "-9223372036854775808")
        #expect(try add(1) == .integer(-9_223_372_036_854_775_807))
    }

    @Test("numbers with a fraction are added and written without needless zeros")
    func floats() throws {
        let add = { (amount: String) throws in try self.store.call(.incrementFloat(key: b("f"), by: b(amount))) }
        #expect(try add("10.50") == .text("10.5"))
        #expect(try add("0.1") == .text("10.6"))
        #expect(try add("-5") == .text("5.6"))
        #expect(try add("5.0e3") == .text("5005.60000000000000009"))
        try store.set("f", "3.0")
        #expect(try add("1.000000000000000005") == .text("4.00000000000000001"))
        try store.set("f", "0")
        #expect(try add("-0") == .text("0"))
        for text in ["", "x", "1x", " 1", "nan"] {
            try store.set("f", text)
            #expect(throws: Failure.notAFloat, "\(text)") { try add("1") }
        }
        try store.set("f", "inf")
        #expect(throws: Failure.notFinite) { try add("1") }
        #expect(throws: Failure.notAFloat) { try add("ten") }
    }

    @Test("an operation on bytes fails on another type")
    func wrongType() throws {
        try store.push("l", "x")
        let operations: [KeyValueOperation] = [
            .get(key: b("l")), .getVersioned(key: b("l")), .getAndDelete(key: b("l")),
            .getAndExpire(key: b("l"), .never), .append(key: b("l"), value: b("y")), .length(key: b("l")),
            .range(key: b("l"), first: 0, last: 1), .overwrite(key: b("l"), offset: 0, value: b("y")),
            .increment(key: b("l"), by: 1), .incrementFloat(key: b("l"), by: b("1")),
        ]
        for operation in operations { #expect(throws: Failure.wrongType) { try store.call(operation) } }
        #expect(try store.items("l") == .texts("x"))
    }
}
