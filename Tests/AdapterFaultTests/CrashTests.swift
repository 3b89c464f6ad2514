// A real memcached that is killed, frozen and started again under load.

import AdapterTestSupport
import Capabilities
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("a memcached that dies under load", .serialized, .timeLimit(.minutes(2)))
struct CrashTests {
    /// What many callers have seen.
    struct Tally: Sendable, Equatable {
        var answered = 0
        var failed = 0
        /// Values that belong to another key: there must be none.
        var wrong = 0
        /// Errors that neither say that nothing was done nor that it is unknown.
        var otherErrors: Set<String> = []
        var isOver = false
    }

    @Test(
        "killed and started again: callers get errors, then answers, and never another's value",
        arguments: Subject.allCases)
    func killed(subject: Subject) async throws {
        let first = try await MemcachedServer.start()
        try await Self.load(try subject.kind(), url: first.url) { tally in
            first.process.kill()
            Self.wait { tally.look { $0.failed > 0 } }
            let second = try MemcachedServer(port: first.port)
            let before = tally.look { $0.answered }
            Self.wait { tally.look { $0.answered > before + 2000 } }
            tally.change { $0.isOver = true }
            return second
        }
    }

    @Test(
        "frozen past every time-out and let go on: what it then says late reaches nobody", arguments: Subject.allCases)
    func frozen(subject: Subject) async throws {
        let server = try await MemcachedServer.start()
        try await Self.load(try subject.kind(timeout: 200), url: server.url) { tally in
            server.process.freeze()
            Self.wait { tally.look { $0.failed >= 100 } }
            server.process.thaw()
            let before = tally.look { $0.answered }
            Self.wait { tally.look { $0.answered > before + 2000 } }
            tally.change { $0.isOver = true }
            return server
        }
    }

    /// A hundred callers write and read keys of their own, while `fault` does what it does on a thread of its own.
    private static func load(
        _ kind: AdapterKind, url: String, fault: @escaping @Sendable (Shared) throws -> MemcachedServer
    ) async throws {
        let shared = Shared()
        async let server = blocking {
            wait { shared.look { $0.answered > 2000 } }
            return try fault(shared)
        }
        try await ServiceRig.run(kind, url: url) { rig in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask(executorPreference: rig.worker) { await writeAndRead(number, rig, shared) }
                }
            }
        }
        try await server.stop()
        let tally = shared.look { $0 }
        #expect(tally.wrong == 0)
        #expect(tally.failed > 0)
        #expect(tally.otherErrors == [])
    }

    private static func writeAndRead(_ number: Int, _ rig: ServiceRig, _ shared: Shared) async {
        let (key, value) = ("key\(number)", "value \(number) of its own")
        while !shared.look({ $0.isOver }) {
            let ends = [await rig.set(key, value), await rig.get(key)]
            shared.change { tally in
                for end in ends {
                    switch end {
                    case .success(.done), .success(.missing): tally.answered += 1
                    case .success(.bytes(Array(value.utf8))): tally.answered += 1
                    case .success: tally.wrong += 1
                    case .failure(.unavailable), .failure(.indeterminate): tally.failed += 1
                    case .failure(let failure): tally.otherErrors.insert("\(failure)")
                    }
                }
            }
            if ends.contains(where: { (try? $0.get()) == nil }) { await rig.pause() }
        }
    }

    /// Blocks the thread until `condition` holds.
    private static func wait(_ condition: () -> Bool) { while !condition() { Thread.sleep(forTimeInterval: 0.001) } }

    /// The tally of all callers.
    final class Shared: Sendable {
        private let tally = Mutex(Tally())

        func look<Value: Sendable>(_ body: (Tally) -> Value) -> Value { tally.withLock { body($0) } }
        func change(_ body: (inout Tally) -> Void) { tally.withLock { body(&$0) } }
    }
}
