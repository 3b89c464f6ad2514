// The tables of hot keys and big values, against what was really put in.

import RedisWire
import Testing

@testable import Gateway

@Suite("samples of keys")
struct KeySampleTests {
    private static let second: UInt64 = 1_000_000_000

    private static func note(_ text: String, _ keys: inout HotKeys, at now: UInt64 = 0) {
        let bytes = Array(text.utf8)
        keys.note(bytes.span.extracting(0..<min(bytes.count, SampledKey.keptBytes)), length: bytes.count, now: now)
    }

    @Test("every key that has more than one in 256 of the samples is there, with bounds that hold")
    func frequent() {
        var keys = HotKeys(now: 0)
        var truth: [String: Int] = [:]
        var generator = SystemRandomNumberGenerator()
        let count = 40_000
        for _ in 0..<count {
            // A fifth goes to one key, a tenth to another, and so on; half to a hundred thousand others.
            let draw = Int.random(in: 0..<100, using: &generator)
            let key =
                draw < 20 ? "hot" : draw < 30 ? "warm" : draw < 33 ? "mild" : "cold-\(Int.random(in: 0..<100_000))"
            truth[key, default: 0] += 1
            Self.note(key, &keys)
        }
        let found = keys.snapshot(now: 0)
        #expect(found.keys.count == HotKeys.capacity)
        #expect(found.total == Double(count))
        var counts: [String: HotKeySnapshot.Count] = [:]
        for (key, value) in found.keys { counts[key.text] = value }
        for (key, value) in counts {
            let real = Double(truth[key] ?? 0)
            #expect(value.most - value.error <= real && real <= value.most, "\(key)")
        }
        for (key, number) in truth where number > count / HotKeys.capacity { #expect(counts[key] != nil, "\(key)") }
    }

    @Test("a key that is asked for no longer makes way for one that is")
    func aging() throws {
        var keys = HotKeys(now: 0)
        for _ in 0..<1000 { Self.note("old", &keys) }
        // Ten half-lives later.
        let now = 600 * Self.second
        for _ in 0..<10 { Self.note("new", &keys, at: now) }
        let found = keys.snapshot(now: now)
        let counts = found.keys.reduce(into: [:]) { $0[$1.0.text] = $1.1.most }
        #expect(abs(try #require(counts["old"]) - 1000.0 / 1024) < 0.001)
        #expect(counts["new"] == 10)
    }

    @Test("a constant rate is found, early and late", arguments: [10, 60, 3600] as [UInt64])
    func rate(seconds: UInt64) throws {
        var keys = HotKeys(now: 0)
        for second in 1...seconds { for _ in 0..<20 { Self.note("key", &keys, at: second * Self.second) } }
        let found = keys.snapshot(now: seconds * Self.second)
        let rate = try #require(found.keys.first).1.most / found.seconds
        #expect(abs(rate - 20) < 1.2, "\(rate)")
    }

    @Test("keys are told apart by all of their bytes, and shown in ASCII")
    func names() {
        var keys = HotKeys(now: 0)
        let bytes: [UInt8] = [0x61, 0, 0xFF, 0x5C]
        keys.note(bytes.span, length: bytes.count, now: 0)
        Self.note("", &keys)
        let long = String(repeating: "x", count: SampledKey.keptBytes)
        Self.note(long, &keys)
        Self.note(long + "y", &keys)
        #expect(
            Set(keys.snapshot(now: 0).keys.map { $0.0.text }) == [
                "a\\x00\\xff\\\\", "", long, "\(long)... (129 bytes)",
            ])
    }

    // MARK: Big values

    private static func note(
        _ text: String, _ bytes: UInt64, in values: inout BigValues, _ command: StaticString = "get", at now: UInt64 = 0
    ) {
        let key = Array(text.utf8)
        values.note(
            key.span, length: key.count,
            moved: BigValues.Value(bytes: bytes, command: RedisCommand(command), isReply: true, seen: now))
    }

    private static func sizes(_ values: BigValues, at now: UInt64 = 0) -> [String: UInt64] {
        values.snapshot(now: now).reduce(into: [:]) { $0[$1.0.text] = $1.1.bytes }
    }

    @Test("the largest of many are kept, in order")
    func largest() {
        var values = BigValues()
        for size in (1...1000).shuffled() { Self.note("k\(size)", UInt64(size) * 1000, in: &values) }
        let found = values.snapshot(now: 0)
        #expect(found.map { $0.1.bytes } == (937...1000).reversed().map { UInt64($0) * 1000 })
        #expect(found.first?.0.text == "k1000")
    }

    @Test("small ones are not kept, one that has shrunk is dropped, and a part does not hide the whole")
    func shrunk() {
        var values = BigValues()
        Self.note("small", 1023, in: &values)
        #expect(Self.sizes(values) == [:])
        Self.note("key", 50_000, in: &values)
        Self.note("hash", 60_000, in: &values, "hgetall")
        Self.note("hash", 2000, in: &values, "hget")
        #expect(Self.sizes(values) == ["key": 50_000, "hash": 60_000])
        Self.note("key", 2000, in: &values)
        #expect(Self.sizes(values) == ["key": 2000, "hash": 60_000])
        Self.note("key", 5, in: &values)
        #expect(Self.sizes(values) == ["hash": 60_000])
    }

    @Test("what was not seen for an hour makes way, however large it was")
    func forgotten() {
        var values = BigValues()
        for key in 0..<BigValues.capacity { Self.note("old\(key)", 1_000_000, in: &values) }
        let now = 3601 * Self.second
        #expect(Self.sizes(values, at: now) == [:])
        Self.note("new", 2000, in: &values, at: now)
        #expect(Self.sizes(values, at: now) == ["new": 2000])
    }
}
