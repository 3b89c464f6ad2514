// The circuit breaker with the time passed in.

import Testing

@testable import Gateway

@Suite("a circuit breaker")
struct CircuitBreakerTests {
    private static let second: UInt64 = 1_000_000_000

    private static func state(slowStart: Duration? = nil) -> CircuitState {
        CircuitState(.init(failures: 3, pause: .seconds(1), slowStart: slowStart))
    }

    private static func opened(slowStart: Duration? = nil) -> CircuitState {
        var state = state(slowStart: slowStart)
        for _ in 0..<3 { state.failed(at: 0) }
        return state
    }

    @Test("opens after so many failures in a row, and a success in between counts")
    func opens() {
        var state = Self.state()
        for _ in 0..<2 { state.failed(at: 5) }
        #expect(state.admit(at: 5, patience: Self.second) == .go)
        state.succeeded(at: 6)
        for _ in 0..<2 { state.failed(at: 7) }
        #expect(state.admit(at: 7, patience: Self.second) == .go)
        state.failed(at: 8)
        #expect(state.admit(at: 9, patience: Self.second) == .refused(until: 8 + Self.second))
        // Attempts from before it opened change nothing.
        state.failed(at: 10)
        #expect(state.admit(at: 9, patience: Self.second) == .refused(until: 8 + Self.second))
        #expect(state.openings == 1)
    }

    @Test("lets one attempt through after its pause, which doubles up to half a minute")
    func probes() {
        var state = Self.opened()
        var now: UInt64 = 0
        for pause: UInt64 in [1, 2, 4, 8, 16, 30, 30] {
            #expect(
                state.admit(at: now + pause * Self.second - 1, patience: 1)
                    == .refused(until: now + pause * Self.second))
            now += pause * Self.second
            #expect(state.admit(at: now, patience: 5) == .go)
            #expect(state.admit(at: now + 1, patience: 5) == .refused(until: now + 5))
            state.failed(at: now)
        }
        // Whoever makes the attempt may be gone without a word.
        now += 30 * Self.second
        #expect(state.admit(at: now, patience: 5) == .go)
        #expect(state.admit(at: now + 5, patience: 5) == .go)
        state.succeeded(at: now + 6)
        #expect(state.phase == .closed(failures: 0))
    }

    @Test("lets connections through in doubling steps while it starts slowly")
    func slowStart() {
        var state = Self.opened(slowStart: .seconds(10))
        #expect(state.admit(at: Self.second, patience: Self.second) == .go)
        state.succeeded(at: Self.second)
        var now = Self.second
        // Ten a second at first: each has its turn a tenth of a second after the one before.
        #expect(state.admit(at: now, patience: Self.second) == .go)
        #expect(state.admit(at: now, patience: Self.second) == .wait(until: now + Self.second / 10))
        #expect(state.admit(at: now, patience: Self.second) == .wait(until: now + Self.second / 5))
        #expect(state.admit(at: now, patience: Self.second / 10) == .refused(until: now + 3 * Self.second / 10))
        now += 5 * Self.second
        #expect(state.admit(at: now, patience: Self.second) == .go)
        #expect(state.admit(at: now, patience: Self.second) == .wait(until: now + Self.second / 320))
        for (elapsed, commands): (UInt64, Int) in [(0, 16), (1, 32), (9, 8192), (10, .max)] {
            #expect(
                CircuitState.commands(
                    since: 7, at: 7 + elapsed * Self.second, slowStart: 10 * Self.second) == commands)
        }
        #expect(state.admit(at: Self.second + 10 * Self.second, patience: 1) == .go)
        #expect(state.phase == .closed(failures: 0))
    }

    @Test("opens for a server that takes connections and does not answer, and an answer in between counts")
    func silence() {
        var state = Self.state()
        for now: UInt64 in 1...2 {
            state.fellSilent(at: now)
            state.succeeded(at: now)
        }
        state.answered()
        for now: UInt64 in 3...4 {
            state.fellSilent(at: now)
            state.succeeded(at: now)
            #expect(state.admit(at: now, patience: 1) == .go)
        }
        state.fellSilent(at: 5)
        #expect(state.admit(at: 6, patience: 1) == .refused(until: 5 + Self.second))
        // It takes the connection of the attempt, hangs, and is left alone for twice as long.
        var now = 5 + Self.second
        for pause: UInt64 in [2, 4] {
            #expect(state.admit(at: now, patience: 1) == .go)
            state.succeeded(at: now)
            state.fellSilent(at: now)
            #expect(state.admit(at: now, patience: 1) == .refused(until: now + pause * Self.second))
            now += pause * Self.second
        }
        #expect(state.openings == 3)
        #expect(state.admit(at: now, patience: 1) == .go)
        state.succeeded(at: now)
        state.answered()
        state.fellSilent(at: now)
        #expect(state.admit(at: now, patience: 1) == .go)
    }

    @Test("opens again at the first failure of a slow start")
    func relapses() {
        var state = Self.opened(slowStart: .seconds(10))
        #expect(state.admit(at: Self.second, patience: 1) == .go)
        state.succeeded(at: Self.second)
        state.failed(at: 2 * Self.second)
        #expect(state.admit(at: 3 * Self.second, patience: 1) == .refused(until: 4 * Self.second))
        #expect(state.openings == 2)
    }

    @Test("is read from the configuration, shown again, and refused where it means nothing")
    func configured() throws {
        let file = pair(
            "redis", "redis://h",
            backend: """
                mode: shared
                pending-commands: 1000
                pending-bytes: 64KiB
                circuit-breaker: { failures: 2, pause: 500ms, slow-start: 10s }
                """)
        let result = try configuration(file)
        let backend = try #require(result.backends.first)
        #expect(backend.pendingCommands == 1000 && backend.pendingBytes == 65_536)
        #expect(
            backend.circuitBreaker == .init(failures: 2, pause: .milliseconds(500), slowStart: .seconds(10)))
        #expect(try configuration(result.rendered()) == result)
        let plain = try configuration(pair("s3", "http://h", backend: "circuit-breaker: {}"))
        #expect(plain.backends.first?.circuitBreaker == .init(failures: 5, pause: .seconds(1), slowStart: nil))
        for (wire, url, backend, expected) in [
            (
                "redis", "redis://h", "pending-commands: 5",
                "commands wait together only where clients share connections"
            ),
            ("postgres", "postgres://h", "pending-bytes: 5MiB", "commands wait together only where clients share"),
            ("redis", "redis://h", "mode: shared\npending-bytes: 5", "a size needs a unit: write 5KiB"),
            ("redis", "redis://h", "mode: shared\npending-bytes: 0B", "expected a size from 1B to 1024GiB"),
            ("redis", "redis://h", "mode: shared\npending-bytes: 9999999TB", "expected a size in B, KiB, MiB or GiB"),
            ("redis", "redis://h", "circuit-breaker: { failures: 0 }", "expected a whole number, 1 to 1000"),
            ("redis", "redis://h", "circuit-breaker: { failure: 3 }", "did you mean \"failures\"?"),
        ] {
            let found = problems(pair(wire, url, backend: backend))
            #expect(found.count == 1 && found[0].contains(expected), "\(found)")
        }
    }
}
