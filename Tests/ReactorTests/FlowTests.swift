// Slow readers: what a socket holds back is bounded, and pausing one side pauses the other.

import Synchronization
import TestSupport
import Testing

@testable import Reactor

@Suite("Flow control", .timeLimit(.minutes(5)))
struct FlowTests {
    @Test("a reader that stops stops the sender, with bounded memory between them, and loses nothing")
    func slowReader() async throws {
        let loop = try Loop()
        let (sourceEnd, source) = try Peer.pair()
        let (sinkEnd, sink) = try Peer.pair()
        let largest = Atomic(0)
        let relay = loop.session { waker in
            let from = try Socket(adopting: Descriptor(sourceEnd), waker: waker)
            let to = try Socket(adopting: Descriptor(sinkEnd), waker: waker)
            var ended = false
            while !ended {
                try await waker.until { from.isReadable && !to.isCongested }
                switch try from.receive() {
                case .bytes(let count): waker.worker.withReceived(count) { to.send($0) }
                case .end:
                    to.finish()
                    ended = true
                case .nothing: break
                }
                largest.store(max(to.queuedCount, largest.load(ordering: .relaxed)), ordering: .relaxed)
            }
            try await to.untilSent("the rest")
            from.close()
            to.close()
        }
        let bytes = pattern(48_000_000)
        let passed = Atomic(0)
        async let sending: Void = blocking {
            var start = 0
            while start < bytes.count {
                let end = min(start + 65_536, bytes.count)
                try source.send(Array(bytes[start..<end]))
                start = end
                passed.store(end, ordering: .relaxed)
            }
            source.finish()
        }
        // The sender is stuck when the relay has stopped reading: the queue is over its high water, and it turns no more.
        while await loop.inside({ $0.chunks.lent }) * ChunkPool.chunkSize <= Socket.highWater { await Task.yield() }
        let received = try await blocking { try sink.receiveToEnd() }
        try await sending
        try await relay.value
        #expect(same(received, bytes) as Bool)
        #expect(largest.load(ordering: .relaxed) > Socket.highWater)
        #expect(largest.load(ordering: .relaxed) <= Socket.highWater + Worker.readSize)
        #expect(passed.load(ordering: .relaxed) == bytes.count)
        #expect(await loop.inside { $0.chunks.lent } == 0)
    }

    @Test("congestion begins above the high water and ends at the low water")
    func marks() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        let session = loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            // As much as the system takes, then exactly the high water.
            while !socket.hasQueued { socket.send(pattern(1_000_000)) }
            #expect(socket.isCongested == (socket.queuedCount > Socket.highWater))
            if socket.queuedCount < Socket.highWater {
                socket.send(pattern(Socket.highWater - socket.queuedCount))
                #expect(!socket.isCongested)
            }
            socket.send([1])
            #expect(socket.isCongested)
            try await waker.until { !socket.isCongested }
            #expect(socket.queuedCount <= Socket.lowWater)
            socket.close()
            #expect(!socket.hasQueued)
        }
        _ = try? await blocking { try peer.receiveToEnd() }
        try await session.value
        #expect(await loop.inside { $0.chunks.lent } == 0)
    }

    @Test("a peer that breaks under a full queue sets the feeder free")
    func brokenUnderLoad() async throws {
        let loop = try Loop()
        var (end, peer): (Int32, Peer?) = try Peer.pair()
        let session = loop.session { [end] waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            while !socket.isCongested { socket.send(pattern(1_000_000)) }
            try await waker.until { !socket.isCongested }
            #expect(socket.writeError?.code == "connection-reset")
            #expect(!socket.hasQueued)
            socket.close()
        }
        while await loop.inside({ $0.chunks.lent }) == 0 { await Task.yield() }
        peer?.prepareReset()
        peer = nil
        end = -1
        try await session.value
        #expect(await loop.inside { $0.chunks.lent } == 0)
    }
}
