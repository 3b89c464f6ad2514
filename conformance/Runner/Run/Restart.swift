// Restarts a target with the command that the run was given.

import Foundation

/// Restarts a target and waits until it answers.
enum Restart {
    /// Runs `command` in a shell, then asks `isUp` until it says yes.
    static func run(
        _ command: String?, until deadline: Deadline, isUp: (Deadline) -> Bool
    ) throws(CaseStop) {
        guard let command else {
            throw CaseStop(verdict: .skipped, reason: "the run was given no --restart command")
        }
        do throws(ShellCommand.Problem) {
            try ShellCommand.run(command, until: deadline)
        } catch {
            throw CaseStop(verdict: .failed, reason: "the restart command \(error.description)")
        }
        while !isUp(min(deadline, .after(.seconds(2)))) {
            guard !deadline.hasPassed else {
                throw CaseStop(
                    verdict: .failed, reason: "the target did not answer after its restart", isTargetLost: true)
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }
}
