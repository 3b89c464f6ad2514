// memcached's binary protocol, whose answers carry the number of their request: what a wrong number does.

import AdapterTestSupport
import Capabilities
import TestSupport
import Testing

@Suite("an answer by number reaches the one who asked with it, or nobody", .timeLimit(.minutes(1)))
struct CorrelationTests {
    /// One request of the binary protocol, as far as the scripts need it.
    struct Request {
        /// The four bytes that the answer repeats.
        var opaque: [UInt8]
        var opcode: UInt8
        var key: String
    }

    /// Reads a request: 24 bytes of header, then what its length says (protocol-binary of memcached, "Packet structure").
    static func next(_ connection: ScriptedConnection) throws -> Request {
        while true {
            let header = try connection.read(24)
            let body = try connection.read(
                Int(header[8]) << 24 | Int(header[9]) << 16 | Int(header[10]) << 8 | Int(header[11]))
            let keyStart = Int(header[4])
            let key = body[keyStart..<keyStart + (Int(header[2]) << 8 | Int(header[3]))]
            return Request(
                opaque: Array(header[12..<16]), opcode: header[1], key: String(decoding: key, as: UTF8.self))
        }
    }

    /// The answer to `request` with the value that tells its key, under `opaque`.
    static func hit(_ request: Request, opaque: [UInt8]? = nil) -> [UInt8] {
        let value = Array("value of \(request.key)".utf8)
        let length = UInt8(4 + value.count)
        return [0x81, request.opcode, 0, 0, 4, 0, 0, 0, 0, 0, 0, length] + (opaque ?? request.opaque)
            + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0] + value
    }

    private static func run(
        timeout: Int = 5000, _ script: @escaping @Sendable (ScriptedConnection, Int) throws -> Void,
        _ body: @escaping @Sendable (ServiceRig) async throws -> Void
    ) async throws {
        let server = try ScriptedServer { connection, number in
            guard number == 0 else { while true { try connection.send(hit(try next(connection))) } }
            try script(connection, number)
        }
        defer { server.stop() }
        let kind = try Subject.declared("memcached-binary", timeout: timeout)
        try await ServiceRig.run(kind, url: "tcp://127.0.0.1:\(server.port)", body)
    }

    /// What three callers get who ask at once.
    private static func three(_ rig: ServiceRig) async -> [(key: String, end: Result<Answer, Failure>)] {
        await withTaskGroup(of: (String, Result<Answer, Failure>).self) { group in
            for key in ["a", "b", "c"] { group.addTask(executorPreference: rig.worker) { (key, await rig.get(key)) } }
            return await group.reduce(into: []) { $0.append((key: $1.0, end: $1.1)) }
        }
    }

    @Test("answers in any order are everybody's own")
    func anyOrder() async throws {
        try await Self.run { connection, _ in
            let requests = try (0..<3).map { _ in try Self.next(connection) }
            for request in requests.reversed() { try connection.send(Self.hit(request)) }
            connection.readToEnd()
        } _: { rig in
            for (key, end) in await Self.three(rig) { #expect(end.isValue(of: key)) }
        }
    }

    @Test(
        "a number that nobody has breaks the connection",
        arguments: [[0, 0, 0, 0], [255, 255, 255, 255], [0x7F, 0, 0, 1]])
    func unknown(opaque: [UInt8]) async throws {
        try await Self.run { connection, _ in
            let requests = try (0..<3).map { _ in try Self.next(connection) }
            try connection.send(Self.hit(requests[0], opaque: opaque))
            connection.readToEnd()
        } _: { rig in
            for (_, end) in await Self.three(rig) { #expect(end.isBackendsFault) }
            #expect(await rig.get("d").isValue(of: "d"))
        }
    }

    @Test("an answer of known length that comes byte by byte is whole with its last byte")
    func drip() async throws {
        try await Self.run(timeout: 2000) { connection, _ in
            try connection.drip(Self.hit(try Self.next(connection)))
            connection.readToEnd()
        } _: { rig in
            #expect(await rig.get("a").isValue(of: "a"))
        }
    }

    @Test("an answer that comes twice breaks the connection, whoever asks next")
    func twice() async throws {
        try await Self.run { connection, _ in
            let first = try Self.next(connection)
            try connection.send(Self.hit(first))
            _ = try Self.next(connection)
            try connection.send(Self.hit(first))
            connection.readToEnd()
        } _: { rig in
            #expect(await rig.get("a").isValue(of: "a"))
            #expect(await rig.get("b").isBackendsFault)
            #expect(await rig.get("c").isValue(of: "c"))
        }
    }

    @Test("an answer after its time-out reaches nobody, and the connection goes on")
    func late() async throws {
        try await Self.run(timeout: 300) { connection, _ in
            let slow = try Self.next(connection)
            let next = try Self.next(connection)
            try connection.send(Self.hit(slow))
            try connection.send(Self.hit(next))
            while true { try connection.send(Self.hit(try Self.next(connection))) }
        } _: { rig in
            let end = await rig.get("slow")
            guard case .failure(.indeterminate) = end else {
                Issue.record("expected an unknown outcome, got \(end)")
                return
            }
            for key in ["a", "b", "c"] { #expect(await rig.get(key).isValue(of: key)) }
        }
    }
}
