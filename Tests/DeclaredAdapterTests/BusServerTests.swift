// NATS and etcd's watches: the bus against the real servers.

import Capabilities
import Foundation
import TestSupport
import Testing

@testable import DeclaredAdapter

@Suite("The bus on real servers", .serialized, .timeLimit(.minutes(5)))
struct BusServerTests {
    private func run(_ name: String, _ body: @escaping @Sendable (DeclaredRig) async throws -> Void) async throws {
        if name == "etcd" {
            let server = try await EtcdServer.start()
            defer { server.stop() }
            try await DeclaredRig.run(name, url: server.url, body)
        } else {
            let server = try await NatsServer.start()
            defer { server.stop() }
            try await DeclaredRig.run(name, url: server.url, body)
        }
    }

    @Test("a message reaches who has subscribed, and nobody else", arguments: ["nats", "etcd"])
    func delivery(name: String) async throws {
        try await run(name) { rig in
            let bus = try #require(rig.service.bus)
            let (first, second, other) = (RecordingSink(), RecordingSink(), RecordingSink())
            try await bus.subscribe(first, to: .channel(bytes("news.sport")))
            try await bus.subscribe(second, to: .channel(bytes("news.sport")))
            try await bus.subscribe(other, to: .channel(bytes("news.art")))
            let payload = [UInt8](0...255) + bytes("\r\nPING\r\n")
            #expect(try await bus.publish(payload, to: bytes("news.sport")) == 0)
            _ = try await bus.publish([], to: bytes("news.sport"))
            try await rig.until("two messages each") { first.messages.count == 2 && second.messages.count == 2 }
            #expect(first.messages.map(\.payload) == [payload, []])
            #expect(first.messages.allSatisfy { $0.channel == bytes("news.sport") && $0.pattern == nil })
            try await bus.unsubscribe(first, from: .channel(bytes("news.sport")))
            _ = try await bus.publish(bytes("x"), to: bytes("news.sport"))
            try await rig.until("a third message") { second.messages.count == 3 }
            #expect(first.messages.count == 2)
            try await bus.unsubscribe(second, from: .channel(bytes("news.sport")))
            _ = try await bus.publish(bytes("y"), to: bytes("news.sport"))
            _ = try await bus.publish(bytes("z"), to: bytes("news.art"))
            try await rig.until("the other's message") { other.messages.count == 1 }
            #expect(second.messages.count == 3)
            #expect(other.messages[0].payload == bytes("z"))
        }
    }

    @Test("a pattern has the same meaning as for Redis", arguments: ["nats", "etcd"])
    func patterns(name: String) async throws {
        try await run(name) { rig in
            let bus = try #require(rig.service.bus)
            let (news, all) = (RecordingSink(), RecordingSink())
            try await bus.subscribe(news, to: .pattern(bytes("news.*")))
            try await bus.subscribe(all, to: .pattern(bytes("*")))
            for channel in ["news.a", "news.a.b", "newspaper", "old"] {
                _ = try await bus.publish(bytes(channel), to: bytes(channel))
            }
            try await rig.until("all messages") { all.messages.count == 4 && news.messages.count == 2 }
            #expect(Set(news.messages.map(\.channel)) == [bytes("news.a"), bytes("news.a.b")])
            #expect(news.messages.allSatisfy { $0.pattern == bytes("news.*") && $0.payload == $0.channel })
        }
    }

    @Test("patterns and channels that NATS cannot say are refused by name")
    func refusals() async throws {
        try await run("nats") { rig in
            let bus = try #require(rig.service.bus)
            let sink = RecordingSink()
            for pattern in ["h?llo", "news*", "a.*.b", "[ab].*", "a\\*", "news.**"] {
                await #expect(throws: Failure.self, "\(pattern)") {
                    try await bus.subscribe(sink, to: .pattern(bytes(pattern)))
                }
            }
            for channel in ["two words", "a..b", ".a", "a.", "a.*", "a.>", "line\r\nend", ""] {
                do throws(Failure) {
                    _ = try await bus.publish([1], to: bytes(channel))
                    Issue.record("\(channel) was taken")
                } catch {
                    guard case .refused(.busPublish, _) = error else { throw error }
                }
            }
            #expect(try await bus.publish([1], to: bytes("still.there")) == 0)
        }
    }

    @Test("a token is asked for and a wrong one is told")
    func login() async throws {
        let server = try await NatsServer.start(["--auth", "s3cret"])
        defer { server.stop() }
        try await DeclaredRig.run("nats", url: server.url, options: ["token": "s3cret"]) { rig in
            #expect(await rig.end(.publish(channel: bytes("a"), payload: bytes("x"))) == .success(.integer(0)))
        }
        try await DeclaredRig.run("nats", url: server.url, options: ["token": "wrong"]) { rig in
            guard case .failure(.unavailable(let text)) = await rig.end(.publish(channel: bytes("a"), payload: []))
            else {
                throw SupportError("it was let in")
            }
            #expect(text.contains("Authorization Violation"))
        }
    }

    @Test("a lost server is told to who has subscribed", arguments: ["nats", "etcd"])
    func loss(name: String) async throws {
        let stop: @Sendable () -> Void
        let url: String
        if name == "etcd" {
            let server = try await EtcdServer.start()
            (stop, url) = ({ server.process.kill() }, server.url)
        } else {
            let server = try await NatsServer.start()
            (stop, url) = ({ server.process.kill() }, server.url)
        }
        try await DeclaredRig.run(name, url: url) { rig in
            let bus = try #require(rig.service.bus)
            let sink = RecordingSink()
            try await bus.subscribe(sink, to: .channel(bytes("a")))
            stop()
            try await rig.until("the loss") { sink.losses.count == 1 }
            guard case .failure(.unavailable) = await rig.end(.publish(channel: bytes("a"), payload: [])) else {
                throw SupportError("published to nobody")
            }
        }
    }
}
