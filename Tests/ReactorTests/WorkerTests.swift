// The worker: work from other threads, cancellation, its end, and what is left after thousands of sockets.

import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite("A worker", .timeLimit(.minutes(5)))
struct WorkerTests {
    @Test("work that many threads submit runs once each, on the worker")
    func submit() async throws {
        let loop = try Loop()
        let ran = Counter()
        let astray = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<2_000 {
                        loop.worker.submit { [worker = loop.worker] in
                            ran.count()
                            if !worker.isCurrent { astray.count() }
                        }
                    }
                }
            }
        }
        #expect(await loop.inside { _ in ran.value } == 16_000)
        #expect(astray.value == 0)
    }

    /// Notes that it was told, and what had run by then.
    private final class Ending: TurnEnding {
        let steps: Counter
        private(set) var seen: [Int] = []
        init(_ steps: Counter) { self.steps = steps }
        func turnEnds() { seen.append(steps.value) }
    }

    @Test("the end of a turn is told once, when the sessions that were ready in it have run")
    func endOfTurn() async throws {
        let loop = try Loop()
        let steps = Counter()
        let wakers = await loop.inside { worker in (0..<3).map { _ in Waker(worker: worker) } }
        let sessions = wakers.map { waker in
            Task(executorPreference: loop.worker) {
                await waker.wait()
                steps.count()
            }
        }
        await loop.inside { _ in }
        let ending = Ending(steps)
        let holder = UnsafeHolder(ending)
        await loop.inside { worker in
            worker.atEndOfTurn(holder.value)
            for waker in wakers { waker.wake() }
        }
        for session in sessions { await session.value }
        #expect(await loop.inside { _ in holder.value.seen } == [3])
    }

    /// Takes a worker's belonging to the worker.
    private final class UnsafeHolder<Value>: @unchecked Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    @Test("every step of a session runs on its worker")
    func home() async throws {
        let loop = try Loop()
        let steps = try await loop.session { waker in
            var steps = [waker.worker.isCurrent]
            waker.wake()
            await waker.wait()
            steps.append(waker.worker.isCurrent)
            waker.wakeFromAnywhere()
            await waker.wait()
            steps.append(waker.worker.isCurrent)
            return steps
        }.value
        #expect(steps == [true, true, true])
        #expect(!loop.worker.isCurrent)
    }

    @Test("a wake-up before the wait is kept, and many count as one")
    func keptWakeUp() async throws {
        let loop = try Loop()
        let isSignalled = try await loop.session { waker in
            waker.wake()
            waker.wake()
            await waker.wait()
            return waker.isSignalled
        }.value
        #expect(!isSignalled)
    }

    @Test("cancelling a session's task ends its wait, whatever it waits for")
    func cancel() async throws {
        let loop = try Loop()
        let (end, peer) = try Peer.pair()
        let reading = loop.session { waker in
            let socket = try Socket(adopting: Descriptor(end), waker: waker)
            defer { socket.close() }
            _ = try await socket.next()
        }
        let waiting = loop.session { waker in
            waker.setDeadline(after: nil)
            while !waker.isCancelled { await waker.wait() }
        }
        let early = loop.session { waker in try await waker.until { false } }
        early.cancel()
        reading.cancel()
        waiting.cancel()
        await #expect(throws: IOError.cancelled) { try await reading.value }
        await #expect(throws: IOError.cancelled) { try await early.value }
        try await waiting.value
        #expect(try await blocking { try peer.receiveToEnd() } == [])
    }

    @Test("a deadline ends a wait by itself")
    func deadline() async throws {
        let loop = try Loop()
        let session = loop.session { waker in
            waker.setDeadline(after: 10_000_000)
            try await waker.until { false }
        }
        await #expect(throws: IOError.timedOut(step: "the test's condition")) { try await session.value }
    }

    @Test("a stop ends the thread and lets go of the worker; what was handed over before still runs")
    func stop() async throws {
        let index = 700 + Int(getpid()) % 100
        let ran = Counter()
        weak var gone: Worker?
        do {
            let worker = try Worker(index: index)
            gone = worker
            try worker.start()
            while !threadNames().contains("worker-\(index)") { await Task.yield() }
            let waker = Waker(worker: worker)
            worker.submit { waker.setDeadline(after: 60_000_000_000) }
            for _ in 0..<100 { worker.submit { ran.count() } }
            worker.stop()
        }
        while gone != nil || threadNames().contains("worker-\(index)") { await Task.yield() }
        #expect(ran.value == 100)
    }

    @Test("a late wake-up of a waker whose worker has ended is harmless")
    func lateWakeUp() async throws {
        weak var gone: Worker?
        do {
            let worker = try Worker(index: 1)
            gone = worker
            let waker = Waker(worker: worker)
            try worker.start()
            worker.stop()
            for _ in 0..<1_000 {
                waker.wakeFromAnywhere()
                waker.cancel()
                await Task.yield()
            }
        }
        while gone != nil { await Task.yield() }
    }

    @Test("a worker that never started goes without a trace")
    func neverStarted() throws {
        weak var gone: Worker?
        do {
            let worker = try Worker(index: 2)
            gone = worker
        }
        #expect(gone == nil)
    }

    // A process of its own: other tests open and close descriptors meanwhile.
    @Test("thousands of sockets leave no descriptor, no socket and no chunk behind")
    func thousands() async {
        await #expect(processExitsWith: .success) {
            let loop = try Loop()
            let before = openSockets()
            for round in 0..<3_000 {
                let (end, peer) = try Peer.pair()
                let session = loop.session { waker in
                    let socket = try Socket(adopting: Descriptor(end), waker: waker)
                    waker.setDeadline(after: 3_600_000_000_000)
                    socket.send([1, 2, 3])
                    if round % 100 == 0 { while !socket.hasQueued { socket.send(pattern(1_000_000)) } }
                    // Some are closed, some only let go of, some cancelled, some reset.
                    switch round % 4 {
                    case 0: socket.close()
                    case 1: break
                    case 2: _ = try? await socket.next()
                    default: socket.reset()
                    }
                }
                if round % 4 == 2 { session.cancel() }
                try await session.value
                withExtendedLifetime(peer) {}
            }
            let left = await loop.inside { [$0.counters.openSockets, $0.chunks.lent, $0.counters.socketsOpened] }
            guard left == [0, 0, 3_000] else { exit(EXIT_FAILURE) }
            guard openSockets() == before else { exit(EXIT_FAILURE) }
        }
    }
}

/// The names of this process's threads.
private func threadNames() -> [String] {
    names(in: "/proc/self/task").compactMap { id in
        guard let file = fopen("/proc/self/task/\(id)/comm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 32)
        guard fgets(&line, 32, file) != nil else { return nil }
        return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// How many sockets this process has; other descriptors are left out, because the runtime opens some when it likes: files
/// that a starting thread reads, and what its own event loop waits with.
private func openSockets() -> Int {
    names(in: "/proc/self/fd").count { name in
        var target = [CChar](repeating: 0, count: 64)
        let length = readlink("/proc/self/fd/\(name)", &target, target.count - 1)
        return length > 0 && target.prefix(length).starts(with: "socket:".utf8.map { CChar(bitPattern: $0) })
    }
}

private func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        names.append(
            withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
}
