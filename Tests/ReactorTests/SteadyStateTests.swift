// What a session costs once it runs: no enqueue from outside and no allocation, counted.

import CAllocations
import TestSupport
import Testing

@testable import Reactor

@Suite("A session in its steady state", .timeLimit(.minutes(5)))
struct SteadyStateTests {
    /// What the worker's thread did for a number of rounds.
    struct Cost: Equatable, Sendable {
        var allocations = 0
        var foreignEnqueues = 0
        var receives = 0
    }

    enum Way: CaseIterable { case waiting, pumping }

    @Test("rounds of request and response cost no foreign enqueue and no allocation", arguments: Way.allCases)
    func nothingPerRound(way: Way) async throws {
        let loop = try Loop()
        let (clientEnd, client) = try Peer.pair()
        let (backendEnd, backend) = try Peer.pair()
        let session = loop.session { waker in
            let near = try Socket(adopting: Descriptor(clientEnd), waker: waker)
            let far = try Socket(adopting: Descriptor(backendEnd), waker: waker)
            let echo = SmallRelay(near: near, far: far)
            switch way {
            case .waiting: while !echo.step() { await waker.wait() }
            case .pumping: await waker.run(echo)
            }
            near.close()
            far.close()
        }
        // Queues, slots and stacks grow to their size first.
        _ = try await Self.cost(of: 500, loop, client, backend)
        let few = try await Self.cost(of: 1_000, loop, client, backend)
        let many = try await Self.cost(of: 10_000, loop, client, backend)
        #expect(few.foreignEnqueues == 0)
        #expect(many.foreignEnqueues == 0)
        #expect(few.receives >= 2_000)
        #expect(many.receives >= 20_000)
        // Looking costs a few itself, and a slot of the timer wheel is one; neither depends on the rounds.
        #expect(abs(many.allocations - few.allocations) <= 8)
        #expect(many.allocations <= 32)
        client.finish()
        backend.finish()
        try await session.value
    }

    private static func cost(of rounds: Int, _ loop: Loop, _ client: Peer, _ backend: Peer) async throws -> Cost {
        let before = await look(loop)
        try await blocking {
            let request = [UInt8](repeating: 1, count: 64)
            for _ in 0..<rounds {
                try client.send(request)
                _ = try backend.receive(request.count)
                try backend.send(request)
                _ = try client.receive(request.count)
            }
        }
        let after = await look(loop)
        return Cost(
            allocations: after.allocations - before.allocations,
            foreignEnqueues: after.foreignEnqueues - before.foreignEnqueues, receives: after.receives - before.receives)
    }

    private static func look(_ loop: Loop) async -> Cost {
        await loop.inside { worker in
            Cost(
                allocations: Int(fl_allocation_count()), foreignEnqueues: worker.foreignEnqueueCount,
                receives: worker.counters.receiveCalls)
        }
    }

    @Test("the count of allocations counts")
    func counting() {
        let before = fl_allocation_count()
        let array = [Int](repeating: Int(before), count: 1_000)
        #expect(fl_allocation_count() > before)
        #expect(array.count == 1_000)
    }
}

/// The smallest relay: what one socket receives the other sends, as the gateway does it.
private final class SmallRelay: Pump {
    let near: Socket
    let far: Socket

    init(near: Socket, far: Socket) {
        self.near = near
        self.far = far
    }

    func step() -> Bool {
        near.waker.setDeadline(after: 30_000_000_000)
        pass(from: near, to: far)
        pass(from: far, to: near)
        return near.waker.isCancelled || near.hasEnded || far.hasEnded
    }

    private func pass(from: Socket, to: Socket) {
        while from.isReadable, !to.isCongested {
            guard let received = try? from.receive(), case .bytes(let count) = received else { return }
            from.worker.withReceived(count) { to.send($0) }
        }
    }
}
