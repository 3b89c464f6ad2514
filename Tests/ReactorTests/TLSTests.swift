// TLS on both sides: who is trusted, what is agreed on, and how a stream ends.

import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite("TLS", .timeLimit(.minutes(5)))
struct TLSTests {
    /// One authority for all tests; making keys takes a while.
    static let certificates = Task { try await Certificates.make() }

    /// What one handshake gave to one side.
    enum Outcome: Equatable, Sendable {
        case agreed(String?)
        case refused(String)

        init(_ body: () async throws(IOError) -> String?) async {
            do throws(IOError) {
                self = .agreed(try await body())
            } catch {
                self = .refused("\(error)")
            }
        }

        var isRefused: Bool { if case .refused = self { true } else { false } }
    }

    /// Shakes hands over a connected pair, each side on its own worker, and hands both to `body`'s sides.
    static func meet<Server: Sendable, Client: Sendable>(
        _ server: TLSContext, _ client: TLSContext, name: String? = "localhost",
        serving: @escaping @Sendable (Socket, Outcome) async throws -> Server,
        asking: @escaping @Sendable (Socket, Outcome) async throws -> Client
    ) async throws -> (Server, Client) {
        let loops = (try Loop(), try Loop(index: 1))
        let (near, far) = try pair()
        let serverSide = loops.0.session { waker in
            let socket = try Socket(adopting: Descriptor(near), waker: waker)
            defer { socket.close() }
            let outcome = await Outcome { () async throws(IOError) in try await socket.acceptTLS(server) }
            return try await serving(socket, outcome)
        }
        let clientSide = loops.1.session { waker in
            let socket = try Socket(adopting: Descriptor(far), waker: waker)
            defer { socket.close() }
            let outcome = await Outcome { () async throws(IOError) in
                try await socket.connectTLS(client, serverName: name)
            }
            return try await asking(socket, outcome)
        }
        let result = (try await serverSide.value, try await clientSide.value)
        #expect(await loops.0.inside { $0.chunks.lent + $0.counters.openSockets } == 0)
        #expect(await loops.1.inside { $0.chunks.lent + $0.counters.openSockets } == 0)
        return result
    }

    private static func pair() throws -> (Int32, Int32) {
        let (end, peer) = try Peer.pair()
        let other = dup(peer.number)
        guard other >= 0, fcntl(other, F_SETFL, O_NONBLOCK) == 0 else { throw SupportError("dup: \(errno)") }
        return (end, other)
    }

    /// The outcomes of a handshake after which each side waits for the other's end.
    private func outcomes(_ server: TLSContext, _ client: TLSContext, name: String? = "localhost") async throws -> (
        server: Outcome, client: Outcome
    ) {
        try await Self.meet(server, client, name: name) { socket, outcome in
            // In TLS 1.3 the server's word comes after the client's handshake is over.
            socket.finish()
            _ = try? await socket.rest()
            return outcome
        } asking: { socket, outcome in
            socket.finish()
            do {
                _ = try await socket.rest()
            } catch let error as IOError where !outcome.isRefused {
                return .refused("\(error)")
            } catch {}
            return outcome
        }
    }

    private func server(
        clientCA: Bool = false, minimum: TLSVersion = .tls12, alpn: [String] = []
    ) async throws -> TLSContext {
        let files = try await Self.certificates.value
        return try TLSContext.server(
            certificate: files.serverCertificate, key: files.serverKey, clientCA: clientCA ? files.authority : nil,
            minimum: minimum, alpn: alpn)
    }

    private func client(certificate: Bool = false, verify: Bool = true, alpn: [String] = []) async throws -> TLSContext
    {
        let files = try await Self.certificates.value
        return try TLSContext.client(
            ca: verify ? files.authority : nil, certificate: certificate ? files.clientCertificate : nil,
            key: certificate ? files.clientKey : nil, verify: verify, alpn: alpn)
    }

    // MARK: Trust

    @Test(
        "a server whose certificate the CA file signed is trusted by name and by address",
        arguments: ["localhost", "127.0.0.1", "::1"])
    func trusted(name: String) async throws {
        let both = try await outcomes(server(), client(), name: name)
        #expect(both == (.agreed(nil), .agreed(nil)))
    }

    @Test("a certificate for another name is refused", arguments: ["example.org", "127.0.0.2"])
    func wrongName(name: String) async throws {
        let both = try await outcomes(server(), client(), name: name)
        #expect(both.client.isRefused && both.server.isRefused)
        #expect("\(both.client)".contains("mismatch"))
    }

    @Test("without a CA file an authority of our own is not trusted")
    func unknownAuthority() async throws {
        let both = try await outcomes(server(), TLSContext.client())
        #expect("\(both.client)".contains("not trusted"))
    }

    @Test("a name to verify is needed")
    func noName() async throws {
        #expect(try await outcomes(server(), client(), name: nil).client.isRefused)
        #expect(try await outcomes(server(), client(), name: "").client.isRefused)
    }

    @Test("with verification off anything goes")
    func unverified() async throws {
        let both = try await outcomes(server(), client(verify: false), name: "example.org")
        #expect(both == (.agreed(nil), .agreed(nil)))
    }

    @Test("a server that wants a client's certificate takes the one its authority signed")
    func clientCertificate() async throws {
        let both = try await outcomes(server(clientCA: true), client(certificate: true))
        #expect(both == (.agreed(nil), .agreed(nil)))
    }

    @Test("a server that wants a client's certificate refuses a client without one")
    func noClientCertificate() async throws {
        let both = try await outcomes(server(clientCA: true), client())
        #expect(both.server.isRefused && both.client.isRefused)
    }

    // MARK: What is agreed on

    @Test("ALPN agrees on the server's first choice among the client's")
    func alpn() async throws {
        let both = try await outcomes(server(alpn: ["b", "a"]), client(alpn: ["a", "b", "c"]))
        #expect(both == (.agreed("b"), .agreed("b")))
    }

    @Test("ALPN names without one in common end the handshake; a client without names is served")
    func alpnMismatch() async throws {
        let both = try await outcomes(server(alpn: ["postgresql"]), client(alpn: ["http/1.1"]))
        #expect(both.server.isRefused && both.client.isRefused)
        #expect(try await outcomes(server(alpn: ["postgresql"]), client()) == (.agreed(nil), .agreed(nil)))
    }

    @Test("a minimum of TLS 1.3 refuses a client of TLS 1.2, and 1.2 serves it", arguments: [TLSVersion.tls12, .tls13])
    func version(minimum: TLSVersion) async throws {
        let context = try await server(minimum: minimum)
        let loop = try Loop()
        let listening = try ListeningDescriptor(binding: try #require(SocketAddress(literal: "127.0.0.1", port: 0)))
        let serving = loop.session { waker in
            let listener = try Listener(taking: listening, waker: waker)
            let socket = try await ConnectionTests.accept(from: listener, waker)
            defer { socket.close() }
            return await Outcome { () async throws(IOError) in try await socket.acceptTLS(context) }
        }
        let spoken = try await Command.run(
            ["openssl", "s_client", "-tls1_2", "-connect", "127.0.0.1:\(listening.address.port ?? 0)"])
        #expect(try await serving.value.isRefused == (minimum == .tls13))
        #expect(spoken.errorText.contains("alert protocol version") == (minimum == .tls13))
    }

    // MARK: Streams

    @Test("16 MiB go both ways at once, more than either queue holds, and both ends are clean")
    func large() async throws {
        let bytes = pattern(16 << 20)
        let (one, two) = try await Self.meet(server(), client()) { socket, _ in
            let all = try await socket.exchange(bytes)
            try await socket.untilSent("the rest")
            return (same(all, bytes), socket.wasTruncated)
        } asking: { socket, _ in
            let all = try await socket.exchange(bytes)
            try await socket.untilSent("the rest")
            return (same(all, bytes), socket.wasTruncated)
        }
        #expect(one == (true, false))
        #expect(two == (true, false))
    }

    @Test("a reader over TLS that stops stops the sender with bounded memory, and gets everything in the end")
    func slowReader() async throws {
        let bytes = pattern(16 << 20)
        let stuck = Counter()
        let (largest, all) = try await Self.meet(server(), client()) { socket, _ in
            var (start, largest) = (0, 0)
            while start < bytes.count {
                while start < bytes.count, !socket.isCongested {
                    socket.send(bytes.span.extracting(start..<start + 65_536))
                    start += 65_536
                    largest = max(largest, socket.queuedCount)
                }
                stuck.count()
                try await socket.waker.until { !socket.isCongested }
            }
            socket.finish()
            _ = try await socket.rest()
            return largest
        } asking: { socket, _ in
            while stuck.value == 0 {
                socket.waker.wake()
                await socket.waker.wait()
            }
            let all = try await socket.rest()
            socket.finish()
            return same(all, bytes) && !socket.wasTruncated
        }
        #expect(all)
        #expect(largest > Socket.highWater && largest <= Socket.highWater + 65_536)
    }

    @Test("the end of a stream is said however full the connection is", arguments: 0..<12)
    func goodbye(extra: Int) async throws {
        let bytes = pattern(4_000_000 + extra * 4_099)
        let (_, two) = try await Self.meet(server(), client()) { socket, _ in
            socket.send(bytes)
            socket.finish()
            _ = try await socket.rest()
        } asking: { socket, _ in
            let all = try await socket.rest()
            socket.finish()
            return (same(all, bytes), socket.wasTruncated)
        }
        #expect(two == (true, false))
    }

    @Test("bytes that come with the handshake's last flight are read")
    func lastFlight() async throws {
        let (one, _) = try await Self.meet(server(), client()) { socket, _ in
            // The client's words are there before the server asks: they came with its Finished.
            try await socket.rest()
        } asking: { socket, _ in
            socket.send(Array("at once".utf8))
            socket.finish()
            _ = try? await socket.rest()
        }
        #expect(one == Array("at once".utf8))
    }

    @Test("a stream that is cut is told from one that has ended, and what came before is delivered")
    func truncated() async throws {
        let (_, two) = try await Self.meet(server(), client()) { socket, _ in
            socket.send([1, 2, 3])
            // The connection ends without OpenSSL's word.
            _ = shutdown(socket.number, Int32(SHUT_WR))
            _ = try? await socket.rest()
        } asking: { socket, _ in
            let all = try await socket.rest()
            return (all, socket.wasTruncated, socket.isEncrypted)
        }
        #expect(two == ([1, 2, 3], true, true))
    }

    @Test("garbage after the handshake is an error, not an end")
    func garbage() async throws {
        let (_, two) = try await Self.meet(server(), client()) { socket, _ in
            var nonsense = [UInt8](repeating: 0x41, count: 64)
            _ = Glibc.send(socket.number, &nonsense, nonsense.count, Int32(truncatingIfNeeded: MSG_NOSIGNAL))
            _ = try? await socket.rest()
        } asking: { socket, _ in
            let failure = await #expect(throws: IOError.self) { _ = try await socket.rest() }
            let next = try socket.receive()
            #expect(next == .end)
            return failure?.code
        }
        #expect(two == "tls-failed")
    }

    @Test("a peer that talks no TLS, or leaves during the handshake, is refused")
    func noHandshake() async throws {
        let context = try await server()
        for words in [Array("GET / HTTP/1.1\r\n\r\n".utf8), [], [0x16, 3, 1, 2]] {
            let loop = try Loop()
            let (end, peer) = try Peer.pair()
            try peer.send(words)
            peer.finish()
            let outcome = try await loop.session { waker in
                let socket = try Socket(adopting: Descriptor(end), waker: waker)
                defer { socket.close() }
                return await Outcome { () async throws(IOError) in try await socket.acceptTLS(context) }
            }.value
            #expect(outcome.isRefused)
        }
    }

    @Test("a handshake that is not finished ends at the deadline")
    func silentHandshake() async throws {
        let context = try await server()
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        let session = loop.session { waker in
            waker.setDeadline(after: 20_000_000)
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            defer { socket.close() }
            return await Outcome { () async throws(IOError) in try await socket.acceptTLS(context) }
        }
        #expect(try await session.value == .refused("TLS handshake timed out"))
        #expect(peer.number >= 0)
    }

    @Test("a peer that is gone does not end the process when TLS writes to it")
    func writingToTheGone() async throws {
        let (_, two) = try await Self.meet(server(), client()) { socket, _ in
            socket.close()
        } asking: { socket, _ in
            _ = try? await socket.rest()
            // The first words after the peer's end are answered with a reset; those after it would raise SIGPIPE.
            while socket.writeError == nil {
                socket.send([1])
                try socket.waker.check("a broken pipe")
                socket.waker.wake()
                await socket.waker.wait()
            }
            return socket.writeError != nil
        }
        #expect(two)
    }

    // MARK: Settings

    @Test("a missing file, a key of another certificate, and a key with a passphrase are named")
    func badFiles() async throws {
        let files = try await Self.certificates.value
        let failures = [
            ("/nowhere.pem", files.serverKey), (files.serverCertificate, files.clientKey),
            (files.serverCertificate, try await lockedKey(files)),
        ].map { certificate, key in
            #expect(throws: IOError.self) { try TLSContext.server(certificate: certificate, key: key) }
        }
        #expect(failures[0]?.description.contains("/nowhere.pem") == true)
        #expect(failures[1]?.description.contains("client.key") == true)
        #expect(failures[2]?.description.contains("locked.key") == true)
    }

    private func lockedKey(_ files: Certificates) async throws -> String {
        let path = files.folder.file("locked.key")
        try await Command.check(
            ["openssl", "pkey", "-in", files.serverKey, "-aes256", "-passout", "pass:secret", "-out", path])
        return path
    }
}
