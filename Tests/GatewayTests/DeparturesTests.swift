// Answers that leave together: one commit for all, and one outcome.

import Capabilities
import Testing

@testable import Gateway

@Suite("Answers that wait for the end of a turn")
struct DeparturesTests {
    /// A service that counts its commits and can fail one.
    private final class Committing: Service, @unchecked Sendable {
        let manifest = Manifest(adapter: "tests")
        private(set) var commits = 0
        var fails = false

        func commit() throws(Failure) {
            commits += 1
            guard fails else { return }
            // As the embedded store does it: what failed is told once.
            fails = false
            throw .indeterminate("the disk is full")
        }
    }

    private final class Session: Departing {
        private(set) var outcomes: [Failure?] = []
        func depart(_ failure: Failure?) { outcomes.append(failure) }
    }

    private let service = Committing()

    @Test("sessions of one turn share a commit, and nothing leaves before it")
    func together() {
        let departures = Departures(service)
        let sessions = (0..<50).map { _ in Session() }
        #expect(sessions.map { departures.add($0) } == [true] + Array(repeating: false, count: 49))
        #expect(service.commits == 0)
        #expect(sessions.allSatisfy { $0.outcomes.isEmpty })
        departures.turnEnds()
        #expect(service.commits == 1)
        #expect(sessions.allSatisfy { $0.outcomes == [nil] })
    }

    @Test("a commit that failed is told to every session that waited for it, and to none after")
    func failure() {
        let departures = Departures(service)
        let sessions = (0..<3).map { _ in Session() }
        for session in sessions { _ = departures.add(session) }
        service.fails = true
        departures.leave()
        #expect(sessions.allSatisfy { $0.outcomes == [.indeterminate("the disk is full")] })
        let late = Session()
        #expect(departures.add(late))
        departures.turnEnds()
        #expect(late.outcomes == [nil])
        #expect(sessions.allSatisfy { $0.outcomes.count == 1 })
    }

    @Test("a turn in which all have left already commits nothing more")
    func nothingLeft() {
        let departures = Departures(service)
        _ = departures.add(Session())
        departures.leave()
        departures.turnEnds()
        #expect(service.commits == 1)
    }
}
