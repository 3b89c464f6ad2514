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
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        do { try process.run() } catch {
            throw CaseStop(verdict: .failed, reason: "the restart command could not be run: \(error)")
        }
        while process.isRunning, !deadline.hasPassed { Thread.sleep(forTimeInterval: 0.02) }
        guard !process.isRunning else {
            process.terminate()
            throw CaseStop(
                verdict: .failed,
                reason: "the restart command did not end in time: it has to leave the server in the background")
        }
        guard process.terminationStatus == 0 else {
            throw CaseStop(verdict: .failed, reason: "the restart command ended with \(process.terminationStatus)")
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
