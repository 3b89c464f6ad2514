// A socket that is not read for a while.

import TestSupport
import Testing

@testable import Reactor

@Suite("Pausing", .timeLimit(.minutes(5)))
struct PauseTests {
    @Test("nothing is read while paused, and all of it once it is not")
    func pause() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        let session = loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            socket.pause()
            try await blocking { try peer.send([1, 2, 3]) }
            for _ in 0..<5 {
                waker.setDeadline(after: 5_000_000)
                await waker.wait()
            }
            let whilePaused = (socket.isReadable, socket.isPaused)
            socket.resume()
            waker.setDeadline(after: nil)
            try await waker.until { socket.isReadable }
            let received = try socket.receive()
            socket.close()
            guard case .bytes(3) = received else { return false }
            return whilePaused == (false, true)
        }
        #expect(try await session.value)
    }
}
