// Processes that crash, hang, talk nonsense or are not there.

import Capabilities
import Foundation
import TestSupport
import Testing

@testable import ProcessAdapter

@Suite("A process that fails costs its own backend an error", .serialized)
struct FaultTests {
    private func faulty(_ arguments: String...) async throws -> AdapterProcess {
        try await AdapterProcess.start(AdapterProcess.adapter("faulty.py"), arguments)
    }

    /// The failure of a `kv.get`.
    private func failure(_ house: Harness, _ key: String) async throws -> Failure? {
        do {
            _ = try await house.perform(.get(key: bytes(key)))
            return nil
        } catch let failure as Failure { return failure }
    }

    @Test("a process that is not there is unavailable, and is used once it is there")
    func late() async throws {
        let folder = try TemporaryFolder()
        let url = "unix:\(folder.file("a.sock"))"
        let house = try await Harness(url)
        guard case .unavailable(let text)? = try await failure(house, "k") else {
            Issue.record("it is available")
            return
        }
        #expect(text == "adapter process at \(url) is not answering (No such file or directory); is it running?")
        #expect(house.service.manifest[.objectGet].support == .native)
        let process = try await AdapterProcess.start(AdapterProcess.adapter("faulty.py"), in: folder)
        #expect(try await house.eventually(.get(key: bytes("k"))) == .bytes(bytes("k")))
        #expect(house.service.manifest[.objectGet].support == .refused)
        await house.stop()
        process.server.stop()
    }

    @Test("a crash makes what is under way uncertain, and a new process is found")
    func crash() async throws {
        let process = try await faulty()
        let house = try await Harness(process.url)
        async let slow = failure(house, "sleep:60")
        #expect(try await failure(house, "k") == nil)
        guard case .indeterminate? = try await failure(house, "crash") else {
            Issue.record("the crash was answered")
            return
        }
        guard case .indeterminate? = try await slow else {
            Issue.record("the call beside the crash was answered")
            return
        }
        guard case .unavailable? = try await failure(house, "k") else {
            Issue.record("it is available")
            return
        }
        // What it could do is still known: a refusal stays a refusal.
        await #expect(throws: Failure.refused(.keyValueSet, reason: "the adapter process does not offer it")) {
            try await house.perform(.set(key: bytes("k"), value: [], SetOptions()))
        }
        let next = try await AdapterProcess.start(AdapterProcess.adapter("faulty.py"), in: process.folder)
        #expect(try await house.eventually(.get(key: bytes("k"))) == .bytes(bytes("k")))
        await house.stop()
        next.server.stop()
    }

    @Test("a killed process ends its subscriptions")
    func killed() async throws {
        let process = try await faulty()
        let house = try await Harness(process.url)
        let sink = Collector()
        try await house.run { try await $0.bus?.subscribe(sink, to: .channel(bytes("c"))) }
        process.server.kill()
        #expect(try await eventually { sink.lost.count == 1 })
        guard case .indeterminate? = sink.lost.first else {
            Issue.record("\(sink.lost)")
            return
        }
        await house.stop()
    }

    @Test("a hung process has until the deadline; then it is unavailable until it answers again")
    func hung() async throws {
        let process = try await faulty()
        let house = try await Harness(process.url, ["timeout": "300ms"])
        #expect(try await house.eventually(.get(key: bytes("k"))) == .bytes(bytes("k")))
        process.server.freeze()
        guard case .indeterminate(let text)? = try await failure(house, "k") else {
            Issue.record("a frozen process answered")
            return
        }
        #expect(text.hasSuffix("has not answered Perform within 300 ms (option timeout)"))
        var seen: Failure?
        while true {
            seen = try await failure(house, "k")
            if case .unavailable? = seen { break }
        }
        #expect(seen == .unavailable("the adapter process is connected, but silent; does it hang?"))
        process.server.thaw()
        #expect(try await house.eventually(.get(key: bytes("k"))) == .bytes(bytes("k")))
        await house.stop()
    }

    @Test("a hung process ends its subscriptions, although nobody asks it for anything")
    func hungSubscription() async throws {
        let process = try await faulty()
        let house = try await Harness(process.url, ["timeout": "200ms"])
        let sink = Collector()
        try await house.run { try await $0.bus?.subscribe(sink, to: .channel(bytes("c"))) }
        process.server.freeze()
        #expect(try await eventually { sink.lost.count == 1 })
        process.server.thaw()
        await house.stop()
    }

    @Test("a process that is stopped finishes what it has; what waits is ended, and nothing new is sent to it")
    func stopped() async throws {
        let process = try await faulty("--graceful")
        let house = try await Harness(process.url, ["timeout": "60s"])
        let sink = Collector()
        try await house.run { try await $0.bus?.subscribe(sink, to: .channel(bytes("c"))) }
        let underWay = process.folder.file("under-way")
        async let slow = failure(house, "until:\(underWay)")
        #expect(try await eventually { access(underWay, F_OK) == 0 })
        kill(process.server.pid, SIGTERM)
        // Until it has said that it goes, calls are still sent to it; they are answered, or given up with it.
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            switch try await failure(house, "k") {
            case .unavailable?: break
            case nil, .indeterminate?:
                guard ContinuousClock.now < deadline else {
                    Issue.record("calls are still sent to it")
                    return
                }
                continue
            case let other?:
                Issue.record("\(other)")
                return
            }
            break
        }
        #expect(sink.lost == [])
        unlink(underWay)
        #expect(try await slow == nil)
        try await blocking { process.server.kill() }
        #expect(try await eventually { sink.lost.count == 1 })
        await house.stop()
    }

    @Test("one slow call has its deadline, and the connection stays")
    func slow() async throws {
        let process = try await faulty()
        let house = try await Harness(process.url, ["timeout": "300ms"])
        let sink = Collector()
        try await house.run { try await $0.bus?.subscribe(sink, to: .channel(bytes("c"))) }
        for _ in 0..<3 {
            guard case .indeterminate? = try await failure(house, "sleep:1") else {
                Issue.record("a slow call was answered")
                return
            }
        }
        #expect(try await house.eventually(.get(key: bytes("k"))) == .bytes(bytes("k")))
        #expect(sink.lost == [])
        await house.stop()
    }

    @Test("calls beyond the bound wait in line, and their deadline holds there too")
    func line() async throws {
        let process = try await faulty()
        let house = try await Harness(process.url, ["timeout": "400ms", "calls": "1"])
        async let first = failure(house, "sleep:2")
        async let second = failure(house, "sleep:2")
        let failures = try await [first, second]
        let uncertain = failures.filter { if case .indeterminate? = $0 { true } else { false } }
        let unsent = failures.filter { if case .unavailable? = $0 { true } else { false } }
        // The second had its time in line, or got the place of the first at the last moment.
        #expect(uncertain.count >= 1 && uncertain.count + unsent.count == 2)
        await house.stop()
    }

    @Test(
        "what a process says wrongly is an error of its own",
        arguments: [
            ("flag", Failure.protocolBroken("the adapter process gave an answer that does not fit the operation")),
            ("nothing", .protocolBroken("the adapter process answered with neither an answer nor a failure")),
            ("raise", .backend("Exception calling application: the store is on fire")),
            ("abort", .indeterminate("the adapter process gave Perform up: half-way")),
            ("wrong type", .wrongType),
            ("refuse", .refused(.keyValueGet, reason: "not today")),
        ])
    func wrong(key: String, expected: Failure) async throws {
        let process = try await faulty()
        let house = try await Harness(process.url)
        #expect(try await failure(house, key) == expected)
        #expect(try await failure(house, "k") == nil)
        await house.stop()
    }

    @Test("messages have a bound in both directions")
    func bounds() async throws {
        let process = try await faulty()
        let house = try await Harness(process.url, ["message-bytes": "100000"])
        let large = [UInt8](repeating: 0x61, count: 100_000)
        await #expect(throws: Failure.tooLarge(limit: 100_000)) { try await house.perform(.get(key: large)) }
        #expect(
            try await house.perform(.get(key: bytes("bytes:99000"))) == .bytes(Array(repeating: 0x78, count: 99_000)))
        guard case .protocolBroken(let text)? = try await failure(house, "bytes:100000") else {
            Issue.record("a message beyond the bound was taken")
            return
        }
        #expect(text.hasSuffix("bytes; the most is 100000 (option message-bytes)"))
        #expect(try await failure(house, "k") == nil)
        await house.stop()
    }

    @Test("a call whose client goes away is given up")
    func cancelled() async throws {
        let process = try await faulty()
        let house = try await Harness(process.url)
        let service = house.service
        let task = Task(executorPreference: house.worker) {
            try await service.perform(.keyValue(.get(key: bytes("sleep:60"))), CallContext(now: 1))
        }
        #expect(try await failure(house, "k") == nil)
        task.cancel()
        await #expect(throws: Failure.cancelled) { try await task.value }
        await house.stop()
    }

    @Test(
        "a process that cannot be used says why",
        arguments: [
            (["--schema", "2"], "it speaks schema 2 of fairlead.adapter.v1; this gateway speaks 1"),
            (
                ["--capabilities", "kv.gett"],
                "it lists \"kv.gett\", which is no capability (did you mean \"kv.get\"?)"
            ),
            (["--weakenings", "slow"], "it gives \"kv.get\" the unknown weakening \"slow\""),
        ])
    func unusable(arguments: [String], reason: String) async throws {
        let process = try await AdapterProcess.start(AdapterProcess.adapter("faulty.py"), arguments)
        let house = try await Harness(process.url)
        let expected = Failure.unavailable("adapter process at \(process.url) cannot be used: \(reason)")
        #expect(try await failure(house, "k") == expected)
        await house.stop()
    }

    @Test(
        "what is not gRPC at the socket is told",
        arguments: ["HTTP/1.1 400 Bad Request\\r\\n\\r\\n", "\\x00\\xff\\xfe", ""])
    func strangers(words: String) async throws {
        let process = try await AdapterProcess.start(AdapterProcess.adapter("stranger.py"), [words])
        let house = try await Harness(process.url, ["timeout": "500ms"])
        guard case .unavailable(let text)? = try await failure(house, "k") else {
            Issue.record("a stranger was taken for an adapter")
            return
        }
        #expect(text.hasPrefix("adapter process at \(process.url)"))
        await house.stop()
    }

    @Test("a subscription that is refused, never confirmed, or ended by the process")
    func subscriptions() async throws {
        let process = try await faulty()
        let house = try await Harness(process.url)
        let sink = Collector()
        await #expect(throws: Failure.backend("no such channel")) {
            try await house.run { try await $0.bus?.subscribe(sink, to: .channel(bytes("refused"))) }
        }
        let hasty = try await Harness(process.url, ["timeout": "400ms"])
        await #expect(throws: Failure.self) {
            try await hasty.run { try await $0.bus?.subscribe(sink, to: .channel(bytes("silent"))) }
        }
        await hasty.stop()
        try await house.run { try await $0.bus?.subscribe(sink, to: .channel(bytes("ends"))) }
        #expect(try await eventually { sink.lost.count == 1 })
        #expect(sink.messages == [BusMessage(channel: bytes("ends"), payload: bytes("last"))])
        try await house.run { try await $0.bus?.subscribe(sink, to: .channel(bytes("many"))) }
        #expect(try await eventually { sink.messages.count == 1001 })
        #expect(sink.messages.dropFirst().map(\.payload) == (0..<1000).map { bytes("\($0)") })
        await house.stop()
    }
}
