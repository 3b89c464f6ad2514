// A real etcd that is killed and started again with its data: what was acknowledged is there.

import AdapterTestSupport
import Capabilities
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("an etcd that is killed under writes", .serialized, .timeLimit(.minutes(3)))
struct DurableCrashTests {
    /// How far one writer has come: its values are numbers that grow.
    struct Progress: Sendable {
        var tried = 0
        var acknowledged = 0
        var failed = 0
    }

    /// What all writers have seen.
    final class Board: Sendable {
        private let progress = Mutex(Array(repeating: Progress(), count: writers))
        let isOver = Atomic(false)

        var all: [Progress] { progress.withLock { $0 } }
        var acknowledged: Int { all.reduce(0) { $0 + $1.acknowledged } }
        var failed: Int { all.reduce(0) { $0 + $1.failed } }
        func change(_ number: Int, _ body: (inout Progress) -> Void) { progress.withLock { body(&$0[number]) } }
    }

    private static let writers = 8

    @Test("loses nothing that a caller was told it has, and shows nobody another's value")
    func killed() async throws {
        let first = try await EtcdServer.start()
        let board = Board()
        async let last = blocking { try Self.killTwice(first, board) }
        try await ServiceRig.run(try Subject.declared("etcd", timeout: 5000), url: first.url) { rig in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<Self.writers {
                    group.addTask(executorPreference: rig.worker) { await Self.write(number, rig, board) }
                }
            }
            for (number, progress) in board.all.enumerated() {
                guard case .success(.bytes(let bytes)) = await rig.get("writer\(number)") else {
                    Issue.record("writer \(number) has nothing")
                    continue
                }
                let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
                #expect(words.first == number && words.count == 2)
                // What was not answered may be there as well.
                #expect((progress.acknowledged...progress.tried).contains(words.last ?? 0), "\(progress)")
            }
        }
        _ = try await last
    }

    private static func write(_ number: Int, _ rig: ServiceRig, _ board: Board) async {
        var value = 0
        while !board.isOver.load(ordering: .acquiring) {
            value += 1
            let tried = value
            board.change(number) { $0.tried = tried }
            if case .success = await rig.set("writer\(number)", "\(number) \(tried)") {
                board.change(number) { $0.acknowledged = tried }
            } else {
                board.change(number) { $0.failed += 1 }
                await rig.pause()
            }
        }
    }

    /// Kills the server under the writers, and starts it again with its data; all servers, since who lets go of one removes
    /// its data.
    private static func killTwice(_ first: EtcdServer, _ board: Board) throws -> [EtcdServer] {
        func wait(_ condition: () -> Bool) { while !condition() { Thread.sleep(forTimeInterval: 0.001) } }
        var servers = [first]
        for round in 0...2 {
            let before = board.acknowledged
            wait { board.acknowledged > before + 200 }
            guard round < 2 else { break }
            let failed = board.failed
            servers.last?.process.kill()
            wait { board.failed > failed }
            servers.append(try EtcdServer(port: first.port, in: first.folder))
        }
        board.isOver.store(true, ordering: .releasing)
        return servers
    }
}
