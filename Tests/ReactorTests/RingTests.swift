// Sockets whose small messages go over io_uring: the same bytes, ends and errors as over epoll.

import Glibc
import TestSupport
import Testing

@testable import Reactor

/// Whether this system has what the tests are about.
private let isAvailable = (try? Worker(index: 0, engine: .ring)) != nil

@Suite("Sockets over io_uring", .enabled(if: isAvailable, "the kernel has none"), .timeLimit(.minutes(5)))
struct RingTests {
    /// Echoes what comes on `end` until its end, as a session of `loop`.
    private static func echo(_ loop: Loop, _ end: Int32) -> Task<Void, any Error> {
        loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            socket.settle()
            try await socket.pass(to: socket)
            try await socket.untilSent("the echo")
            socket.close()
        }
    }

    @Test("small messages cost no system call of their own, and arrive in order")
    func small() async throws {
        let loop = try Loop(engine: .ring)
        let (end, peer) = try Peer.pair()
        let echo = Self.echo(loop, end)
        try await blocking {
            for round in 0..<500 {
                let message = pattern(1 + round % 200)
                try peer.send(message)
                #expect(try same(peer.receive(message.count), message) as Bool)
            }
        }
        #expect(await loop.inside { $0.counters.receiveCalls } < 20)
        peer.finish()
        #expect(try await blocking { try peer.receiveToEnd() } == [])
        try await echo.value
        #expect(await loop.inside { $0.counters.openSockets } == 0)
    }

    @Test("small and large messages, and bursts that the reader is slow to take, lose nothing")
    func mixed() async throws {
        let loop = try Loop(engine: .ring)
        let (end, peer) = try Peer.pair()
        let echo = Self.echo(loop, end)
        let bytes = pattern(20_000_000)
        async let sending: Void = blocking {
            var generator = SystemRandomNumberGenerator()
            var start = 0
            while start < bytes.count {
                let size = Int.random(in: 0..<10, using: &generator) == 0 ? 300_000 : 300
                let end = min(start + Int.random(in: 1...size, using: &generator), bytes.count)
                try peer.send(Array(bytes[start..<end]))
                start = end
            }
            peer.finish()
        }
        let received = try await blocking {
            var all: [UInt8] = []
            while true {
                let more = try peer.receive(50_000)
                all += more
                if all.count % 1_000_000 < 50_000 { usleep(1000) }
                if more.count < 50_000 { return all }
            }
        }
        try await sending
        #expect(same(received, bytes) as Bool)
        try await echo.value
        #expect(await loop.inside { $0.chunks.lent } == 0)
    }

    @Test("sessions that do not read keep no others from theirs")
    func idlers() async throws {
        let loop = try Loop(engine: .ring)
        let gate = Counter()
        let pairs = try (0..<200).map { _ in try Peer.pair() }
        let bytes = pattern(200_000)
        let sessions = pairs.map { end, _ in
            loop.session { waker in
                let socket = try Socket(adopting: Descriptor(end), waker: waker)
                socket.settle()
                // Small ones first, so that it goes over the ring.
                var all = try await socket.atLeast(10)
                waker.setDeadline(after: 20_000_000)
                while gate.value == 0 {
                    await waker.wait()
                    waker.setDeadline(after: 20_000_000)
                }
                waker.setDeadline(after: 50_000_000_000)
                all += try await socket.rest()
                socket.close()
                return all
            }
        }
        try await blocking {
            for index in 0..<10 { for (_, peer) in pairs { try peer.send([bytes[index]]) } }
            for (_, peer) in pairs.dropLast() { try peer.send(Array(bytes[10..<60_000])) }
        }
        // The last of them is served while all others have more than the ring can hold.
        let (end, peer) = try Peer.pair()
        let echo = Self.echo(loop, end)
        try await blocking {
            for _ in 0..<100 {
                try peer.send([1, 2, 3])
                #expect(try peer.receive(3) == [1, 2, 3])
            }
        }
        peer.finish()
        try await echo.value
        gate.count()
        try await blocking {
            for (_, peer) in pairs.dropLast() { try peer.send(Array(bytes[60_000...])) }
            try pairs[pairs.count - 1].peer.send(Array(bytes[10...]))
            for (_, peer) in pairs { peer.finish() }
        }
        for session in sessions { #expect(same(try await session.value, bytes) as Bool) }
    }

    @Test("what was sent before the close arrives, and a reset shows as one", arguments: [false, true])
    func ends(resets: Bool) async throws {
        let loop = try Loop(engine: .ring)
        let (end, peer) = try Peer.pair()
        let session = loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            socket.settle()
            for _ in 0..<20 {
                let bytes = try await socket.atLeast(1)
                socket.send(bytes)
            }
            _ = try await socket.atLeast(1)
            if resets {
                socket.reset()
            } else {
                socket.send(Array("bye".utf8))
                socket.close()
            }
        }
        try await blocking {
            for _ in 0..<20 {
                try peer.send([7])
                #expect(try peer.receive(1) == [7])
            }
            try peer.send([8])
            if resets {
                #expect(throws: SupportError.self) { try peer.receive(1) }
            } else {
                #expect(try peer.receiveToEnd() == Array("bye".utf8))
            }
        }
        try await session.value
    }

    @Test("a peer that breaks is noticed while nothing is sent or awaited")
    func broken() async throws {
        let loop = try Loop(engine: .ring)
        var (end, peer): (Int32, Peer?) = try Peer.pair()
        let session = loop.session { [end] waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            socket.settle()
            for _ in 0..<20 { socket.send(try await socket.atLeast(1)) }
            do throws(IOError) {
                while true {
                    try await socket.untilReadable("the end")
                    if case .end = try socket.receive() { return "end" }
                }
            } catch {
                socket.close()
                return error.code
            }
        }
        try await blocking { [peer] in
            for _ in 0..<20 {
                try peer?.send([7])
                #expect(try peer?.receive(1) == [7])
            }
        }
        peer?.prepareReset()
        peer = nil
        end = -1
        #expect(try await session.value == "connection-reset")
    }

    @Test("the last words of a side that finishes arrive after its end, too")
    func halfClosed() async throws {
        let loop = try Loop(engine: .ring)
        let (end, peer) = try Peer.pair()
        let bytes = pattern(400_000)
        let session = loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            socket.settle()
            for _ in 0..<20 { socket.send(try await socket.atLeast(1)) }
            let rest = try await socket.rest()
            try await socket.deliver(rest)
            socket.finish()
            #expect(socket.hasEnded)
            socket.close()
        }
        let answer = try await blocking {
            for _ in 0..<20 {
                try peer.send([7])
                #expect(try peer.receive(1) == [7])
            }
            try peer.send(bytes)
            peer.finish()
            return try peer.receiveToEnd()
        }
        #expect(same(answer, bytes) as Bool)
        try await session.value
    }
}
