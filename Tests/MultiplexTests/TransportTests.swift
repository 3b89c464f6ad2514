// Connections over TLS and over Unix sockets.

import Reactor
import TestSupport
import Testing

@testable import Multiplex

@Suite("A backend over TLS, or at a path", .timeLimit(.minutes(1)))
struct TransportTests {
    /// A server of the reactor's own that sends back what comes, until the test ends.
    private static func echo(
        at address: SocketAddress, tls: TLSContext?
    ) throws -> (worker: Worker, address: SocketAddress, stop: @Sendable () -> Void) {
        let worker = try Worker(index: 1)
        try worker.start()
        let listening = try ListeningDescriptor(binding: address)
        let waker = Waker(worker: worker)
        Task(executorPreference: worker) {
            let listener = try Listener(taking: listening, waker: waker)
            while !waker.isCancelled {
                guard let connection = try listener.accept() else {
                    await waker.wait()
                    continue
                }
                let own = Waker(worker: worker)
                let socket = try Socket.accept(connection, waker: own)
                Task(executorPreference: worker) {
                    defer { socket.close() }
                    if let tls { _ = try await socket.acceptTLS(tls) }
                    while true {
                        switch try socket.receive() {
                        case .bytes(let count): worker.withReceived(count) { socket.send($0) }
                        case .nothing: await own.wait()
                        case .end: return
                        }
                    }
                }
            }
            listener.close()
        }
        return (
            worker, listening.address,
            {
                waker.cancel()
                worker.stop()
            }
        )
    }

    /// Asks for each of many lines of many sizes, all at once.
    private static func exchange(with endpoint: MultiplexEndpoint) async throws -> MultiplexCounters {
        let worker = try Worker(index: 0)
        try worker.start()
        defer { worker.stop() }
        return try await Task(executorPreference: worker) {
            let multiplexer = Multiplexer(
                to: endpoint, MultiplexConfiguration(.inOrder), delegate: LineDelegate(isByID: false), worker: worker)
            let exchanges = (0..<200).map { LineExchange(String(repeating: "x", count: $0 * 97) + "\($0)") }
            for exchange in exchanges { multiplexer.submit(exchange) }
            var failure: MultiplexFailure?
            for exchange in exchanges {
                do throws(MultiplexFailure) { try await multiplexer.wait(for: exchange) } catch { failure = error }
                if failure == nil { #expect((exchange.answer == [exchange.text]) as Bool) }
            }
            await multiplexer.close()
            if let failure { throw failure }
            return multiplexer.counters
        }.value
    }

    @Test("requests and answers pass through TLS")
    func tls() async throws {
        let certificates = try await Certificates.make()
        let server = try Self.echo(
            at: try #require(SocketAddress(literal: "127.0.0.1", port: 0)),
            tls: .server(certificate: certificates.serverCertificate, key: certificates.serverKey))
        defer { server.stop() }
        let port = try #require(server.address.port)
        let endpoint = MultiplexEndpoint(
            .host("127.0.0.1", port: port), tls: try .client(ca: certificates.authority), serverName: "localhost")
        #expect(try await Self.exchange(with: endpoint).answered == 200)
        // Who does not know the authority does not talk to it.
        let stranger = MultiplexEndpoint(
            .host("127.0.0.1", port: port), tls: try .client(), serverName: "localhost")
        await #expect(throws: MultiplexFailure.self) { try await Self.exchange(with: stranger) }
    }

    @Test("requests and answers pass through a Unix socket")
    func unix() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("s")
        let server = try Self.echo(at: try #require(SocketAddress(path: path)), tls: nil)
        defer { server.stop() }
        let url = try #require(AdapterURL("unix:\(path)"))
        #expect(try await Self.exchange(with: MultiplexEndpoint(url.target)).answered == 200)
    }
}
