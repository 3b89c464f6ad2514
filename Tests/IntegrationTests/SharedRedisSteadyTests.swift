// What a request on a shared connection costs once all runs: no enqueue from outside and no allocation, counted.

import CAllocations
import Logging
import RedisWire
import TestSupport
import Testing

@testable import Gateway

@Suite("a shared connection in its steady state", .serialized)
struct SharedRedisSteadyTests {
    private struct Cost {
        var allocations = 0
        var foreignEnqueues = 0
        var sends = 0
    }

    @Test(
        "requests cost no foreign enqueue, no allocation, and one send to the backend for all of a turn",
        arguments: [
            (false, ["ECHO", "hello"], 11), (true, ["ECHO", "hello"], 11),
            // What is recorded of it: options, forms, sizes, a life.
            (false, ["SET", "key", "value", "GET", "EX", "100"], 11),
            (false, ["LMOVE", "queue", "queue", "RIGHT", "LEFT"], 5),
        ])
    func nothingPerRequest(isSampled: Bool, request: [String], replyBytes: Int) async throws {
        let server = try await RedisServer.start()
        let backend = BackendConfiguration(
            name: "cache", url: "redis://127.0.0.1:\(server.port)", protocol: .redis,
            endpoint: .host("127.0.0.1", port: UInt16(server.port)))
        var shared = backend
        shared.mode = .shared
        var listener = ListenerConfiguration(
            name: "redis", protocol: .redis, listen: [.host("127.0.0.1", port: 0)], backend: "cache")
        listener.idleTimeout = nil
        if isSampled { listener.sampling = KeySampling(every: 1) }
        var configuration = Configuration(listeners: [listener], backends: [shared])
        configuration.workers = 1
        let gateway = try Gateway(
            configuration: configuration, fronts: [RedisFront()],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let bound = try gateway.start()
        let port = Int(bound.first?.addresses.first?.split(separator: ":").last ?? "") ?? 0
        let clients = try (0..<8).map { _ in try RawConnection(port: port) }
        let told = Request(bytes: RawConnection.command(request), replyBytes: replyBytes)
        // The first SET finds no value.
        let direct = try RawConnection(port: server.port)
        _ = try direct.ask("SET", "key", "value")
        direct.close()
        try await Self.rounds(200, told, clients)
        let few = try await Self.cost(500, told, clients, gateway)
        let many = try await Self.cost(3_000, told, clients, gateway)
        #expect(few.foreignEnqueues == 0 && many.foreignEnqueues == 0)
        #expect(abs(many.allocations - few.allocations) <= 16, "\(few.allocations), then \(many.allocations)")
        // One send to each client, and one for all of them together, or a few when they come in several turns.
        #expect(many.sends < 3_000 * 2 * clients.count)
        for client in clients { client.close() }
        await gateway.drain()
        server.stop()
    }

    private struct Request {
        let bytes: [UInt8]
        let replyBytes: Int
    }

    private static func cost(
        _ rounds: Int, _ request: Request, _ clients: [RawConnection], _ gateway: Gateway
    ) async throws -> Cost {
        let before = await look(gateway)
        try await Self.rounds(rounds, request, clients)
        let after = await look(gateway)
        return Cost(
            allocations: after.allocations - before.allocations,
            foreignEnqueues: after.foreignEnqueues - before.foreignEnqueues, sends: after.sends - before.sends)
    }

    private static func rounds(_ count: Int, _ request: Request, _ clients: [RawConnection]) async throws {
        try await blocking {
            for _ in 0..<count {
                for client in clients { try client.send(request.bytes) }
                for client in clients { _ = try client.receive(request.replyBytes) }
            }
        }
    }

    private static func look(_ gateway: Gateway) async -> Cost {
        await withCheckedContinuation { continuation in
            let worker = gateway.workers[0].worker
            worker.submit {
                continuation.resume(
                    returning: Cost(
                        allocations: Int(fl_allocation_count()), foreignEnqueues: worker.foreignEnqueueCount,
                        sends: worker.counters.sendCalls))
            }
        }
    }
}
