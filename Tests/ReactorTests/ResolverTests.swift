// Names to addresses: off the worker, asked once, remembered, and given up on.

import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Reactor

@Suite("The resolver", .timeLimit(.minutes(5)))
struct ResolverTests {
    @Test("localhost is this machine")
    func localhost() async throws {
        let loop = try Loop()
        let resolver = Resolver()
        let found = try await loop.session { waker in
            try await resolver.addresses(of: .host("localhost", port: 80), waker: waker).map(\.description)
        }.value
        #expect(found.contains("127.0.0.1:80") || found.contains("[::1]:80"))
    }

    @Test("a name that does not exist is an error that says so")
    func unknown() async throws {
        let loop = try Loop()
        let resolver = Resolver()
        let failure = await #expect(throws: IOError.self) {
            try await loop.session { try await resolver.addresses(of: .host("name.invalid", port: 80), waker: $0) }
                .value
        }
        #expect(failure?.code == "name-not-resolved")
        #expect(failure?.description.contains("name.invalid") == true)
    }

    @Test("figures and paths need no look-up")
    func literals() async throws {
        let loop = try Loop()
        let silent = SilentNames()
        let resolver = Resolver(lifetime: 0, asking: silent.lookUp)
        let found = try await loop.session { waker in
            [
                try await resolver.addresses(of: .host("::1", port: 1), waker: waker),
                try await resolver.addresses(of: .unix(path: "/a"), waker: waker),
            ].map { "\($0)" }
        }.value
        #expect(found == ["[[::1]:1]", "[unix:/a]"])
        #expect(silent.asked == 0)
        await #expect(throws: IOError.self) {
            try await loop.session { try await resolver.addresses(of: .unix(path: ""), waker: $0) }.value
        }
    }

    @Test("while a name server is silent the worker goes on, and all who ask wait for one look-up")
    func oneLookUp() async throws {
        let loop = try Loop()
        let silent = SilentNames()
        let resolver = Resolver(lifetime: 0, asking: silent.lookUp)
        let sessions = (0..<20 as Range<UInt16>).map { port in
            loop.session { try await resolver.addresses(of: .host("slow", port: port), waker: $0).map(\.port) }
        }
        while silent.asked == 0 { await Task.yield() }
        #expect(await loop.inside { _ in true })
        silent.answer()
        for (port, session) in sessions.enumerated() { #expect(try await session.value == [UInt16(port)]) }
        #expect(silent.asked == 1)
        #expect(silent.threads.withLock { $0 } == ["not a worker"])
    }

    @Test("an answer is remembered, a failure is not")
    func cache() async throws {
        let loop = try Loop()
        let asked = Mutex<[String]>([])
        let resolver = Resolver(lifetime: 3_600_000_000_000) { host in
            asked.withLock { $0.append(host) }
            if host == "bad" { return .failure(.resolution(host: host, reason: "no")) }
            return .success([SocketAddress(literal: "10.0.0.1", port: 0)].compactMap { $0 })
        }
        for _ in 0..<3 {
            let found = try await loop.session {
                try await resolver.addresses(of: .host("good", port: 7), waker: $0).map(\.description)
            }.value
            #expect(found == ["10.0.0.1:7"])
            _ = try? await loop.session { try await resolver.addresses(of: .host("bad", port: 7), waker: $0) }.value
        }
        #expect(asked.withLock { $0 } == ["good", "bad", "bad", "bad"])
    }

    @Test("a session that is cancelled, or out of time, does not wait for the answer")
    func cancelled() async throws {
        let loop = try Loop()
        let silent = SilentNames()
        let resolver = Resolver(lifetime: 0, asking: silent.lookUp)
        let session = loop.session { try await resolver.addresses(of: .host("slow", port: 1), waker: $0) }
        while silent.asked == 0 { await Task.yield() }
        session.cancel()
        await #expect(throws: IOError.cancelled) { try await session.value }
        let late = loop.session { waker in
            waker.setDeadline(after: 1)
            return try await resolver.addresses(of: .host("slow", port: 1), waker: waker)
        }
        await #expect(throws: IOError.timedOut(step: "resolving 'slow'")) { try await late.value }
        silent.answer()
    }

    @Test("an answer that comes after the worker's end disturbs nobody")
    func afterTheEnd() async throws {
        let silent = SilentNames()
        let resolver = Resolver(lifetime: 0, asking: silent.lookUp)
        weak var gone: Worker?
        do {
            let loop = try Loop()
            gone = loop.worker
            let session = loop.session { try await resolver.addresses(of: .host("slow", port: 1), waker: $0) }
            while silent.asked == 0 { await Task.yield() }
            session.cancel()
            _ = await session.result
        }
        silent.answer()
        while gone != nil { await Task.yield() }
    }
}

/// A name server that answers when told to.
private final class SilentNames: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    private let count = Atomic(0)
    let threads = Mutex<Set<String>>([])

    var asked: Int { count.load(ordering: .relaxed) }

    @Sendable func lookUp(_ host: String) -> Result<[SocketAddress], IOError> {
        count.add(1, ordering: .relaxed)
        threads.withLock { _ = $0.insert(Worker.isOnAnyWorker ? "a worker" : "not a worker") }
        gate.wait()
        gate.signal()
        return .success([SocketAddress(literal: "127.0.0.1", port: 0)].compactMap { $0 })
    }

    func answer() { gate.signal() }
}
