// Answers that leave together: one commit for all sessions of a worker's turn, before any of their answers is sent.

import Capabilities
import Reactor

/// Whoever has answers to send once the service has committed what they stand for.
protocol Departing: AnyObject {
    /// Sends the answers; those that stand for a change are replaced by `failure` when the commit failed.
    func depart(_ failure: Failure?)
}

/// The sessions of one worker and one service whose answers wait for the end of the worker's turn.
///
/// A commit of each session's own would cost a write to the log for each of them. One outcome is told to all that waited
/// for it, because a service tells the failure of a commit only once.
package final class Departures: TurnEnding {
    private let service: any Service
    private var waiting: [any Departing] = []
    private var leaving: [any Departing] = []

    init(_ service: any Service) { self.service = service }

    /// Has the answers of `one` leave with the next departure; whether it is the first of them, whose caller has to have
    /// the worker call this at the end of its turn.
    func add(_ one: any Departing) -> Bool {
        waiting.append(one)
        return waiting.count == 1
    }

    package func turnEnds() { leave() }

    /// Commits, and lets everybody's answers go now.
    func leave() {
        guard !waiting.isEmpty else { return }
        swap(&waiting, &leaving)
        var failure: Failure?
        do throws(Failure) {
            try service.commit()
        } catch {
            failure = error
        }
        for one in leaving { one.depart(failure) }
        leaving.removeAll(keepingCapacity: true)
    }
}
