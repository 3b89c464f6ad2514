// The table of commands, the keys of operations, and the scripts that are known.

import Capabilities
import RedisWire
import Testing

@testable import Gateway

@Suite("The table of translated Redis commands")
struct RedisTranslationTableTests {
    @Test("each command stands in the table once, under a name that the wire knows")
    func once() {
        let entries = RedisCommandSet.shared.entries
        #expect(Set(entries.map(\.name)).count == entries.count)
        for entry in entries {
            #expect(entry.command != .unknown, "\(entry.name)")
            #expect(RedisCommandSet.shared[entry.command]?.name == entry.name)
        }
        #expect(RedisCommandSet.shared[.unknown] == nil)
        #expect(RedisCommandSet.shared[RedisCommand("xadd")] == nil)
    }

    @Test(
        "a translator is never given fewer words than it reads", arguments: RedisCommandSet.shared.entries.map(\.name))
    func fewest(_ name: String) {
        guard let entry = RedisCommandSet.shared.entries.first(where: { $0.name == name }) else { return }
        for words in abs(entry.arity)...(abs(entry.arity) + 3) where entry.takes(words) {
            for filler in ["1", "x", "0", "-1"] {
                _ = translated(([name] + Array(repeating: filler, count: words - 1)).joined(separator: " "))
            }
        }
    }

    @Test("what a command needs covers the needs of its plainest operation", arguments: ["GET k", "LPOP k", "ZCARD k"])
    func needs(_ words: String) {
        guard case .perform(let operation, _) = translated(words) else { return }
        let name = words.prefix { $0 != " " }.lowercased()
        #expect(RedisCommandSet.shared.entries.first { $0.name == name }?.needs == operation.needs)
    }

    @Test("the keys of a command are found where the server finds them")
    func keys() {
        func keys(_ words: String) -> [String]? {
            let words = words.split(separator: " ").map { bytes(String($0)) }
            return RedisCommandSet.shared[RedisCommandLine(words).command]?.keys.keys(in: words)?
                .map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(keys("MSET a 1 b 2") == ["a", "b"])
        #expect(keys("BLPOP a b 0") == ["a", "b"])
        #expect(keys("ZUNIONSTORE d 2 a b") == ["d", "a", "b"])
        #expect(keys("LMPOP 1 a LEFT") == ["a"])
        #expect(keys("LMPOP 9 a LEFT") == nil)
        #expect(keys("PING") == [])
    }

    @Test("operations name their keys, and whether they change anything")
    func operationKeys() {
        func operation(_ words: String) -> Operation? {
            if case .perform(let operation, _) = translated(words) { operation } else { nil }
        }
        #expect(operation("MSET a 1 b 2")?.keys == .several([bytes("a"), bytes("b")]))
        #expect(operation("SUNIONSTORE d a b")?.keys == .several([bytes("a"), bytes("b"), bytes("d")]))
        #expect(operation("DEL a")?.keys == .one(bytes("a")))
        #expect(operation("KEYS *")?.keys == .any)
        #expect(operation("GETEX a")?.isReadOnly == true)
        #expect(operation("GETEX a PERSIST")?.isReadOnly == false)
        #expect(operation("SUNION a b")?.isReadOnly == true)
        #expect(operation("BLPOP a 0")?.waits == true)
        #expect(operation("LPOP a")?.waits == false)
    }

    @Test("a command waits for one in flight only where one of them writes what the other touches")
    func conflicts() {
        func slot(_ words: String) -> RedisReplySlot? {
            guard case .perform(let operation, let shape) = translated(words) else { return nil }
            return RedisReplySlot(
                operation,
                RedisPendingReply(
                    command: .unknown, shape: shape, startedAt: 0, isSilent: false, isReadOnly: operation.isReadOnly))
        }
        func conflict(_ first: String, _ second: String, isBegun: Bool = false) -> RedisSlotConflict? {
            guard var slot = slot(first), case .perform(let operation, _) = translated(second) else { return nil }
            var slots = RedisReplySlots()
            slot.isBegun = isBegun
            _ = slots.append(slot)
            return slots.conflict(of: operation)
        }
        #expect(conflict("GET a", "GET a") == RedisSlotConflict.none)
        #expect(conflict("SET a 1", "GET b") == RedisSlotConflict.none)
        #expect(conflict("SET a 1", "GET a") == .awaited)
        #expect(conflict("GET a", "SET a 1") == .awaited)
        #expect(conflict("SET a 1", "KEYS *") == .awaited)
        #expect(conflict("GET a", "FLUSHALL") == .awaited)
        #expect(conflict("PUBLISH c m", "PUBLISH c n") == RedisSlotConflict.none)
        #expect(conflict("SET a 1", "PUBLISH c n") == .awaited)
        #expect(conflict("MSET a 1 b 2", "MGET c b") == .awaited)
        #expect(conflict("MSET a 1 b 2", "MGET c d") == RedisSlotConflict.none)
        #expect(conflict("SET a 1", "GET a", isBegun: true) == .begun)
        #expect(conflict("SET a 1", "GET b", isBegun: true) == RedisSlotConflict.none)
    }

    @Test("replies leave in the order of the commands, whatever the order of the answers")
    func order() {
        var slots = RedisReplySlots()
        let reply = RedisPendingReply(
            command: .unknown, shape: .bulk, startedAt: 0, isSilent: false, isReadOnly: true)
        let ids = (0..<RedisReplySlots.limit).map { _ in
            slots.append(RedisReplySlot(.keyValue(.get(key: bytes("k"))), reply))
        }
        #expect(slots.isFull)
        for id in ids.reversed() {
            #expect(slots.popFinished() == nil)
            slots.finish(id, .success(.integer(Int64(id))))
        }
        for id in ids {
            guard case .success(.integer(let number))? = slots.popFinished()?.1 else {
                Issue.record("no answer")
                return
            }
            #expect(number == Int64(id))
        }
        #expect(slots.isEmpty)
    }

    @Test("the scripts that give up and extend a lock are known, however they are written")
    func scripts() {
        let release = """
            if redis.call('GET', KEYS[1]) == ARGV[1] then
                return redis.call('DEL', KEYS[1]);
            else
                return 0
            end
            """
        #expect(RedisKnownScript(bytes(release)) == .compareAndDelete)
        let condition = #"if redis.call("get",KEYS[1]) == ARGV[1] then return "#
        let extend = condition + #"redis.call("pexpire",KEYS[1],ARGV[2]) else return 0 end"#
        #expect(RedisKnownScript(bytes(extend)) == .compareAndExpire)
        #expect(RedisKnownScript(bytes(release + " -- and more")) == nil)
        #expect(RedisKnownScript(bytes("return 1")) == nil)
        #expect(RedisKnownScript(bytes(String(repeating: " ", count: 2048) + release)) == nil)
        #expect(translated("EVAL x 0") == .unsupported("eval"))
    }

    /// The script that gives up a lock, behind so many spaces: each is another one by its digest.
    private func release(_ spaces: Int = 0) throws -> RedisLoadedScript {
        let text =
            #"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#
        return try #require(RedisLoadedScript(bytes(String(repeating: " ", count: spaces) + text)))
    }

    @Test("scripts are kept by their digests, in letters of either case, and not without bound")
    func scriptStore() throws {
        let store = RedisScriptStore()
        let digest = bytes("b70c2384248f88e6b75b9f89241a180f856ad852")
        store.load(try release())
        #expect(try release().digest == digest)
        #expect(store[bytes("B70C2384248F88E6B75B9F89241A180F856AD852")]?.meaning == .compareAndDelete)
        #expect(store[bytes("b70c23")] == nil)
        for number in 1...1023 { store.load(try release(number)) }
        #expect(store[digest]?.meaning == .compareAndDelete)
        let last = try release(1024)
        store.load(last)
        #expect(store[digest] == nil)
        #expect(store[last.digest] == last)
        store.removeAll()
        #expect(store[last.digest] == nil)
    }

    @Test("an error within a script names the script and the line")
    func scriptErrors() throws {
        let text = bytes(
            "if redis.call('get', KEYS[1]) == ARGV[1] then\n return redis.call('del', KEYS[1])\nelse return 0 end")
        let script = try #require(RedisLoadedScript(text))
        let digest = String(decoding: script.digest, as: UTF8.self)
        #expect(
            script.error(.wrongType, .wrongType)?.text
                == RedisErrorText.wrongType.text + " script: \(digest), on @user_script:1.")
        #expect(script.error(.notAnInteger, .notAnInteger)?.text.hasSuffix(", on @user_script:2.") == true)
        #expect(script.error(.noSuchKey, .noSuchKey) == nil)
    }
}
