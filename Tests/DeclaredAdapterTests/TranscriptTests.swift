// Requests and answers of the four shipped protocols, byte for byte, fed every way.

import Capabilities
import Foundation
import Testing

@testable import DeclaredAdapter

@Suite("Transcripts of the shipped protocols")
struct TranscriptTests {
    private func inputs(_ first: String, _ second: String = "", _ third: String = "", number: Int64 = 0) -> Inputs {
        var inputs = Inputs()
        inputs.first = bytes(first)
        inputs.second = bytes(second)
        inputs.third = bytes(third)
        inputs.numberA = number
        inputs.numberB = number
        return inputs
    }

    @Test("memcached's requests are those of its document")
    func memcachedRequests() throws {
        let rig = try ReplayRig(shipped: "memcached")
        #expect(rig.request("get", inputs("k")) == bytes("mg k v k\r\n"))
        #expect(rig.request("get-versioned", inputs("k")) == bytes("mg k v c k\r\n"))
        #expect(rig.request("get-and-expire", inputs("k", number: 60)) == bytes("mg k v k T60\r\n"))
        #expect(rig.request("set", inputs("k", "abc", number: 60)) == bytes("ms k 3 T60 k\r\nabc\r\n"))
        #expect(rig.request("set-if-version", inputs("k", "abc", "17")) == bytes("ms k 3 C17 T0 k\r\nabc\r\n"))
        var many = Inputs()
        many.keys = [bytes("a"), bytes("b")]
        #expect(rig.request("get-many", many) == bytes("get a b\r\n"))
        #expect(rig.request("get-many", Inputs()) == bytes("get\r\n"))
        var left = inputs("k", "v")
        left.captures = [.number(-1)]
        #expect(rig.request("set-keeping-expiry", left, step: 1) == bytes("ms k 1 T0 k\r\nv\r\n"))
        left.captures = [.number(3_000_000)]
        left.now = 1_700_000_000_000
        #expect(rig.request("set-keeping-expiry", left, step: 1) == bytes("ms k 1 T1703000000 k\r\nv\r\n"))
    }

    @Test("memcached's answers mean what its document says")
    func memcachedAnswers() throws {
        let rig = try ReplayRig(shipped: "memcached")
        let hit = try #require(rig.everyWay("get", bytes("VA 9 kk\r\nEN\r\nEND\r\r\r\n")).only)
        #expect(hit.outcome == .result && hit.value == bytes("EN\r\nEND\r\r"))
        #expect(try #require(rig.everyWay("get", bytes("EN kk\r\n")).only).outcome == .missing)
        #expect(try #require(rig.everyWay("get", bytes("EN\r\n")).only).outcome == .missing)
        let versioned = try #require(
            rig.everyWay("get-versioned", bytes("VA 1 c18446744073709551615 kk\r\nx\r\n")).only)
        #expect(versioned.version == bytes("18446744073709551615"))
        #expect(try #require(rig.everyWay("set", bytes("HD kk\r\n")).only).outcome == .result)
        #expect(try #require(rig.everyWay("set-if-version", bytes("EX kk\r\n")).only).outcome == .conflict)
        #expect(
            try #require(rig.everyWay("set", bytes("SERVER_ERROR object too large for cache\r\n")).only).outcome
                == .tooLarge)
        let memory = try #require(rig.everyWay("set", bytes("SERVER_ERROR out of memory storing object\r\n")).only)
        #expect(memory.outcome == .retryable && memory.text == bytes(" storing object"))
        let refused = try #require(rig.everyWay("set", bytes("CLIENT_ERROR bad data chunk\r\n")).only)
        #expect(
            refused.outcome == .fatal && refused.progress == .doneForGood && refused.text == bytes("bad data chunk"))
        let many = try #require(rig.everyWay("get-many", bytes("VALUE b 0 1\r\n2\r\nVALUE a 0 1\r\n1\r\nEND\r\n")).only)
        #expect(many.names == [bytes("b"), bytes("a")] && many.values == [bytes("2"), bytes("1")])
    }

    @Test("memcached's binary requests and answers are those of its document")
    func binary() throws {
        let rig = try ReplayRig(shipped: "memcached-binary")
        let get: [UInt8] =
            [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2] + [UInt8](repeating: 0, count: 8) + bytes("k")
        #expect(rig.request("get", inputs("k"), id: 0x102) == get)
        let set: [UInt8] =
            [0x80, 1, 0, 1, 8, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 60]
            + bytes("kab")
        #expect(rig.request("set-if-version", inputs("k", "ab", "9", number: 60), id: 7) == set)
        let hit: [UInt8] =
            [0x81, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 7, 255, 255, 255, 255, 255, 255, 255, 254, 0, 0, 0, 0]
            + bytes("ab")
        let found = try #require(rig.everyWay("get-versioned", hit, id: 7).only)
        #expect(found.outcome == .result && found.value == bytes("ab") && found.version == bytes("-2"))
        #expect(
            rig.request("delete-version", inputs("k", "", "-2"), id: 0)[16..<24] == [
                255, 255, 255, 255, 255, 255, 255, 254,
            ])
        let missing: [UInt8] =
            [0x81, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 7] + [UInt8](repeating: 0, count: 8) + bytes("Not found")
        #expect(try #require(rig.everyWay("get", missing, id: 7).only).outcome == .missing)
        #expect(try #require(rig.everyWay("get", missing, id: 8).only).broken == "an answer with the id 7")
    }

    @Test("NATS says PING while an answer is owed, and errors come before their PONG")
    func nats() throws {
        let rig = try ReplayRig(shipped: "nats")
        #expect(rig.request("publish", inputs("a.b", "xy")) == bytes("PUB a.b 2\r\nxy\r\nPING\r\n"))
        #expect(rig.request("subscribe-prefix", inputs("a.", number: 5)) == bytes("SUB a.> 5\r\nPING\r\n"))
        let busy = try #require(
            rig.everyWay(
                "publish", bytes("PING\r\nMSG a.b 1 4\r\nPONG\r\nMSG a 1 re.ply 0\r\n\r\n+OK\r\nINFO {}\r\nPONG\r\n")
            ).only)
        #expect(busy.outcome == .result && busy.pushes == 3)
        let denied = try #require(rig.everyWay("publish", bytes("-ERR 'Permissions Violation'\r\nPONG\r\n")).only)
        #expect(denied.outcome == .fatal && denied.text == bytes("'Permissions Violation'") && denied.progress == .done)
    }

    private func http(_ body: String, status: String = "200 OK", chunked: Bool = false) -> [UInt8] {
        let head = "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n"
        guard chunked else { return bytes(head + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)") }
        let half = body.utf8.count / 2
        let (first, second) = (String(body.prefix(half)), String(body.dropFirst(half)))
        return bytes(
            head + "Transfer-Encoding: chunked\r\n\r\n\(String(first.utf8.count, radix: 16))\r\n\(first)\r\n"
                + "\(String(second.utf8.count, radix: 16)); x=y\r\n\(second)\r\n0\r\nTrailer: 1\r\n\r\n")
    }

    @Test("etcd's requests are HTTP with base64 in JSON")
    func etcdRequests() throws {
        let rig = try ReplayRig(shipped: "etcd")
        let put = String(decoding: rig.request("set", inputs("k", "v\"")), as: UTF8.self)
        #expect(
            put.hasPrefix(
                "POST /v3/kv/put HTTP/1.1\r\nHost: house\r\nContent-Type: application/json\r\nContent-Length: 0000000029\r\n\r\n"
            ))
        #expect(put.hasSuffix("\r\n\r\n{\"key\":\"aw==\",\"value\":\"diI=\"}"))
        let lock = String(decoding: rig.request("release", inputs("x", "me")), as: UTF8.self)
        let key = Data("fairlead/lock/x".utf8).base64EncodedString()
        #expect(lock.contains("{\"compare\":[{\"key\":\"\(key)\",\"target\":\"VALUE\",\"value\":\"bWU=\"}]"))
    }

    @Test("etcd's answers are read from their JSON, whole or in chunks", arguments: [false, true])
    func etcdAnswers(chunked: Bool) throws {
        let rig = try ReplayRig(shipped: "etcd")
        let found = http(
            #"{"header":{"revision":"9"},"kvs":[{"key":"aw==","mod_revision":"7","value":"dg=="}],"count":"1"}"#,
            chunked: chunked)
        let hit = try #require(rig.everyWay("get-versioned", found).only)
        #expect(hit.outcome == .result && hit.value == bytes("v") && hit.version == bytes("7"))
        #expect(try #require(rig.everyWay("get", http(#"{"header":{}}"#, chunked: chunked)).only).outcome == .missing)
        let names = http(#"{"kvs":[{"key":"YQ=="},{"key":"Yg=="}],"more":true}"#, chunked: chunked)
        #expect(try #require(rig.everyWay("keys", names).only).names == [bytes("a"), bytes("b")])
        let lost = http(
            #"{"error":"etcdserver: request is too large","code":3}"#, status: "400 Bad Request", chunked: chunked)
        #expect(try #require(rig.everyWay("set", lost).only).outcome == .tooLarge)
        let down = http("gateway says no", status: "503 Service Unavailable", chunked: chunked)
        #expect(try #require(rig.everyWay("set", down).only).outcome == .retryable)
        #expect(
            try #require(rig.everyWay("set-if-absent", http(#"{"succeeded":false}"#, chunked: chunked)).only).outcome
                == .missing)
    }

    @Test("a watch is a stream of lines, however it is cut into chunks")
    func watch() throws {
        let rig = try ReplayRig(shipped: "etcd")
        let key = Data("fairlead/bus/a".utf8).base64EncodedString()
        let lines =
            #"{"result":{"created":true}}"# + "\n" + #"{"result":{"events":[{"kv":{"key":"\#(key)","value":"eA=="}}]}}"#
            + "\n"
            + #"{"result":{"canceled":true}}"# + "\n"
        for size in [1, 5, 30, 500] {
            var chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            var rest = Substring(lines)
            while !rest.isEmpty {
                let chunk = rest.prefix(size)
                rest = rest.dropFirst(size)
                chunks += "\(String(chunk.utf8.count, radix: 16))\r\n\(chunk)\r\n"
            }
            let replays = rig.everyWay("subscribe", bytes(chunks))
            #expect(try #require(replays.only).outcome == .result, "chunks of \(size)")
        }
    }
}
