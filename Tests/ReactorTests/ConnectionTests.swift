// Connecting, accepting, ending and breaking connections: TCP over both families, and Unix paths.

import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite("Connections", .timeLimit(.minutes(5)))
struct ConnectionTests {
    enum Family: String, CaseIterable {
        case v4 = "127.0.0.1"
        case v6 = "::1"
        case unix

        func address(in folder: TemporaryFolder) throws -> SocketAddress {
            try #require(
                self == .unix ? SocketAddress(path: folder.file("s")) : SocketAddress(literal: rawValue, port: 0))
        }
    }

    @Test("both ends exchange bytes and both ends close", arguments: Family.allCases)
    func echo(family: Family) async throws {
        let folder = try TemporaryFolder()
        let (server, client) = (try Loop(), try Loop(index: 1))
        let listening = try ListeningDescriptor(binding: family.address(in: folder))
        let address = listening.address
        let serving = server.session { waker in
            let listener = try Listener(taking: listening, waker: waker)
            let socket = try await Self.accept(from: listener, waker)
            try await socket.pass(to: socket)
            try await socket.untilSent("the echo")
            socket.close()
            listener.close()
        }
        let bytes = pattern(1_000_000)
        let echoed = try await client.session { waker in
            let socket = try await Socket.connect(to: address, waker: waker)
            #expect(socket.peer?.description == address.description)
            return try await socket.exchange(bytes)
        }.value
        #expect(same(echoed, bytes) as Bool)
        try await serving.value
        #expect(await server.inside { $0.counters.openSockets } == 0)
        if family == .unix { #expect(access(folder.file("s"), F_OK) != 0) }
    }

    static func accept(from listener: Listener, _ waker: Waker) async throws -> Socket {
        while true {
            if let connection = try listener.accept() { return try Socket.accept(connection, waker: waker) }
            try waker.check("accepting")
            await waker.wait()
        }
    }

    @Test("workers share a TCP address, and every connection reaches one of them")
    func sharedPort() async throws {
        let loops = [try Loop(), try Loop(index: 1)]
        let first = try ListeningDescriptor(binding: try #require(SocketAddress(literal: "127.0.0.1", port: 0)))
        let listening = [first, try ListeningDescriptor(binding: first.address)]
        let accepting = zip(loops, listening).map { loop, listening in
            loop.session { waker in
                let listener = try Listener(taking: listening, waker: waker)
                var accepted = 0
                while !waker.isCancelled {
                    while let connection = try listener.accept() {
                        let socket = try Socket.accept(connection, waker: waker)
                        accepted += 1
                        socket.close()
                    }
                    await waker.wait()
                }
                return accepted
            }
        }
        try await loops[0].session { waker in
            for _ in 0..<100 {
                let socket = try await Socket.connect(to: first.address, waker: waker)
                #expect(try await socket.next() == nil)
                socket.close()
            }
        }.value
        var total = 0
        for session in accepting {
            session.cancel()
            total += try await session.value
        }
        #expect(total == 100)
    }

    // MARK: Unix paths

    @Test("a path that a dead process left is taken over; one that is served is not")
    func stalePath() throws {
        let folder = try TemporaryFolder()
        let address = try #require(SocketAddress(path: folder.file("s")))
        let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var target = address
        let bound = withUnsafeBytes(of: &target.storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(stale, $0.baseAddress, address.size) }
        }
        close(stale)
        #expect(bound == 0)
        let listening = try ListeningDescriptor(binding: address)
        #expect(throws: IOError.system(call: "bind", code: EADDRINUSE)) { try ListeningDescriptor(binding: address) }
        #expect(listening.address.isUnix)
    }

    @Test("a plain file at the path of a listener is left alone")
    func plainFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("precious", "words")
        let address = try #require(SocketAddress(path: path))
        #expect(throws: IOError.system(call: "bind", code: EADDRINUSE)) { try ListeningDescriptor(binding: address) }
        #expect(access(path, F_OK) == 0)
    }

    @Test("a listener that nobody took removes its path")
    func untaken() throws {
        let folder = try TemporaryFolder()
        do { _ = try ListeningDescriptor(binding: try #require(SocketAddress(path: folder.file("s")))) }
        #expect(access(folder.file("s"), F_OK) != 0)
    }

    // MARK: Failures of connecting

    @Test("a port that nobody serves refuses, and no socket is kept")
    func refused() async throws {
        let loop = try Loop()
        let address = try PlainListener().address
        let failure = await #expect(throws: IOError.self) {
            try await loop.session { waker in
                _ = try await Socket.connect(to: address, waker: waker)
            }.value
        }
        #expect(failure == .system(call: "connect", code: ECONNREFUSED))
        #expect(failure?.code == "connection-refused")
        #expect(await loop.inside { $0.counters.openSockets } == 0)
    }

    @Test("a Unix path that does not exist is named as such")
    func noPath() async throws {
        let loop = try Loop()
        let failure = await #expect(throws: IOError.self) {
            try await loop.session { waker in
                _ = try await Socket.connect(
                    to: .unix(path: "/nowhere/socket"), resolver: Resolver(), waker: waker)
            }.value
        }
        #expect(failure?.code == "no-such-socket")
    }

    @Test("a name's later address is tried when the first refuses")
    func nextAddress() async throws {
        let loop = try Loop()
        let served = try PlainListener()
        let port = try #require(served.address.port)
        let resolver = Resolver(lifetime: 0) { _ in
            .success(["::1", "127.0.0.1"].compactMap { SocketAddress(literal: $0, port: 0) })
        }
        let peer = try await loop.session { waker in
            try await Socket.connect(to: .host("both", port: port), resolver: resolver, waker: waker).peer?.description
        }.value
        #expect(peer == served.address.description)
    }

    @Test("connecting ends at the deadline, or when the session is cancelled")
    func neverAccepted() async throws {
        let loop = try Loop()
        let full = try PlainListener(backlog: 0)
        // The system keeps a few connections that nobody accepts; to the next ones it does not answer.
        let filling = try (0..<4).map { _ in Peer(try full.connect(isBlocking: false)) }
        let slow = loop.session { waker in
            waker.setDeadline(after: 100_000_000)
            _ = try await Socket.connect(to: full.address, waker: waker)
        }
        await #expect(throws: IOError.timedOut(step: "connecting to \(full.address)")) { try await slow.value }
        let cancelled = loop.session { waker in _ = try await Socket.connect(to: full.address, waker: waker) }
        while await loop.inside({ $0.counters.openSockets }) == 0 { await Task.yield() }
        cancelled.cancel()
        await #expect(throws: IOError.cancelled) { try await cancelled.value }
        #expect(await loop.inside { $0.counters.openSockets } == 0)
        #expect(filling.count == 4)
    }

    // MARK: Ends

    @Test("a peer that has finished still receives")
    func peerFinishes() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        let session = loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            let all = try await socket.rest()
            try await socket.deliver(all)
            socket.close()
        }
        let bytes = pattern(100_000)
        let received = try await blocking {
            try peer.send(bytes)
            peer.finish()
            return try peer.receiveToEnd()
        }
        try await session.value
        #expect(same(received, bytes) as Bool)
    }

    @Test("a socket that has finished still receives")
    func socketFinishes() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        let bytes = pattern(100_000)
        let session = loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            socket.send([1, 2, 3])
            socket.finish()
            // Nothing goes out behind the end.
            socket.send([4])
            return try await socket.rest()
        }
        let received = try await blocking {
            let received = try peer.receiveToEnd()
            try peer.send(bytes)
            peer.finish()
            return received
        }
        #expect(received == [1, 2, 3])
        #expect(try await same(session.value, bytes) as Bool)
    }

    @Test("what is queued goes out before the end does")
    func finishBehindQueue() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        let bytes = pattern(8_000_000)
        let session = loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            socket.send(bytes)
            #expect(socket.hasQueued)
            socket.finish()
            _ = try await socket.rest()
        }
        let received = try await blocking {
            let received = try peer.receiveToEnd()
            peer.finish()
            return received
        }
        try await session.value
        #expect(same(received, bytes) as Bool)
        #expect(await loop.inside { $0.chunks.lent } == 0)
    }

    @Test("a reset is an error of reading, and bytes sent after it are dropped with a cause")
    func peerResets() async throws {
        let loop = try Loop()
        var (end, peer): (Int32, Peer?) = try Peer.pair()
        let session = loop.session { [end] waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            defer { socket.close() }
            let failure = await #expect(throws: IOError.self) { _ = try await socket.rest() }
            socket.send([1])
            return (failure, socket.writeError?.code, socket.isHungUp, socket.hasQueued)
        }
        peer?.prepareReset()
        peer = nil
        end = -1
        let (failure, writeError, isHungUp, hasQueued) = try await session.value
        #expect(failure?.code == "connection-reset")
        #expect(writeError == "connection-reset")
        #expect(isHungUp && !hasQueued)
    }

    @Test("bytes before a hang-up are all read, and then the end, again and again")
    func bytesThenHangUp() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        let bytes = pattern(50_000)
        try peer.send(bytes)
        peer.finish()
        let all = try await loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            let all = try await socket.rest()
            #expect(try await socket.next() == nil)
            try await socket.untilReadable("what has ended")
            socket.close()
            return all
        }.value
        #expect(same(all, bytes) as Bool)
    }

    @Test("bytes behind an urgent one are read without another event")
    func urgent() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        try peer.send([1, 2, 3])
        var byte: UInt8 = 9
        #expect(send(peer.number, &byte, 1, Int32(truncatingIfNeeded: MSG_OOB)) == 1)
        try peer.send([4, 5])
        let bytes = try await loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            defer { socket.close() }
            return try await socket.atLeast(5)
        }.value
        #expect(bytes == [1, 2, 3, 4, 5])
    }

    @Test("the last words arrive although the peer's own words were not read")
    func lastWords() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        try peer.send(pattern(10_000))
        let session = loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            socket.send(Array("refused".utf8))
            await socket.closeAfterLastWords()
        }
        let words = try await blocking {
            let words = try peer.receiveToEnd()
            peer.finish()
            return words
        }
        try await session.value
        #expect(words == Array("refused".utf8))
    }

    // A process of its own, because it takes a descriptor's number, which another test could be given meanwhile.
    @Test("a closed socket neither reads nor writes, even when its number belongs to another")
    func closedStaysClosed() async {
        await #expect(processExitsWith: .success) {
            let loop = try Loop()
            let (end, peer) = try Peer.pair()
            let (other, otherPeer) = try Peer.pair()
            let isDeaf = try await loop.session { waker in
                let socket = try Socket(adopting: Descriptor(end), waker: waker)
                socket.close()
                // The number goes to a socket of somebody else's.
                guard dup2(other, end) == end else { return false }
                try otherPeer.send([7])
                socket.send([1, 2, 3])
                socket.finish()
                guard try socket.receive() == .end else { return false }
                socket.close()
                var byte: UInt8 = 0
                guard recv(end, &byte, 1, 0) == 1, byte == 7 else { return false }
                close(other)
                close(end)
                return true
            }.value
            let heard = try peer.receiveToEnd() + otherPeer.receiveToEnd()
            guard isDeaf, heard.isEmpty else { exit(EXIT_FAILURE) }
        }
    }

    @Test("a first byte can be looked at and is then still there")
    func peek() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        try peer.send([0x16, 3])
        try await loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            try await socket.untilReadable("a byte")
            #expect(try socket.peek() == 0x16)
            #expect(try await socket.atLeast(2) == [0x16, 3])
            #expect(try socket.peek() == nil)
            socket.close()
        }.value
    }
}
