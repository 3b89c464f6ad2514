// Servers that lie about lengths, nest without end or speak another protocol: the connection ends, nothing else does.

import Foundation
import Testing

@testable import DeclaredAdapter

@Suite("Hostile servers")
struct HostileTests {
    @Test(
        "lengths that are none break the connection",
        arguments: [
            "VA -1 kk\r\n", "VA 99999999999999999999999 kk\r\n", "VA 9223372036854775807 kk\r\n",
            "VA 1048577 kk\r\n", "VA 2 kk\r\nabc\r\n", "VA kk\r\n", "WHAT\r\n", "\r\n",
        ])
    func memcachedLengths(answer: String) throws {
        let rig = try ReplayRig(shipped: "memcached")
        for replay in rig.everyWay("get", bytes(answer)) { #expect(replay.broken != nil && replay.outcome == nil) }
    }

    @Test("a line without an end is given up, and an answer of another command is none")
    func memcachedLines() throws {
        let rig = try ReplayRig(shipped: "memcached")
        let endless = [UInt8](repeating: 0x41, count: 5000)
        #expect(rig.answer("get", endless, pieces: 512).broken != nil)
        #expect(rig.answer("set", bytes("LEFTOVER\r\n"), pieces: 100).broken != nil)
    }

    @Test("binary lengths beyond their message or the bound break the connection")
    func binaryLengths() throws {
        let rig = try ReplayRig(shipped: "memcached-binary")
        var header: [UInt8] = [0x81, 0] + [UInt8](repeating: 0, count: 22)
        header[8] = 255
        #expect(rig.answer("get", header, pieces: 24).broken != nil)
        header[8] = 0
        header[2] = 255
        header[11] = 3
        #expect(rig.answer("get", header + [1, 2, 3], pieces: 27).broken != nil)
    }

    @Test(
        "HTTP that is none breaks the connection",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 999 x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{\"a\"", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}}",
            "HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n{\"kvs\":[{\"value\":\"###not base64##\"}]}",
        ])
    func http(answer: String) throws {
        let rig = try ReplayRig(shipped: "etcd")
        for replay in rig.everyWay("get", bytes(answer)) { #expect(replay.broken != nil && replay.outcome == nil) }
    }

    @Test("nesting is bounded, where it is wanted and where it is not")
    func nesting() throws {
        let rig = try ReplayRig(shipped: "etcd")
        for key in ["kvs", "other"] {
            let body = "{\"\(key)\":" + String(repeating: "[", count: 100_000)
            let answer = bytes("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(rig.answer("get", answer, pieces: answer.count).broken != nil)
        }
    }

    @Test("random bytes, and real answers with a byte changed, never trap", arguments: ShippedAdapters.names)
    func noise(name: String) throws {
        let rig = try ReplayRig(shipped: name)
        var random = SystemRandomNumberGenerator()
        let operation = name == "nats" ? "publish" : "get"
        let answers = [
            "VA 3 kk\r\nabc\r\n", "VA 3 c7 kk\r\nabc\r\n", "MSG a.b 1 4\r\nabcd\r\nPONG\r\n", "-ERR 'x'\r\nPONG\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 62\r\n\r\n{\"kvs\":[{\"key\":\"aw==\",\"value\":\"dg==\",\"mod_revision\":\"1\"}]}    ",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ].map { bytes($0) }
        let binary: [UInt8] = [0x81, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 6] + [UInt8](repeating: 0, count: 16) + bytes("ab")
        for _ in 0..<3000 {
            var bytes = (answers + [binary]).randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let size = Int.random(in: 1...80, using: &random)
            _ = rig.answer(operation, bytes, pieces: size, ends: true)
            let noise = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = rig.answer(operation, noise, pieces: size, ends: true)
        }
    }
}
