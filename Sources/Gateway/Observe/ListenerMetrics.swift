// What one listener counts on one worker.

/// What is known of one command.
package struct CommandMetrics: Sendable, Equatable {
    package var failed: UInt64 = 0
    package var requestBytes: UInt64 = 0
    package var responseBytes: UInt64 = 0
    /// Its count is the number of answered commands.
    package var latency = Histogram()
}

/// A command with an error or status code.
package struct CommandCode: Sendable, Hashable {
    package let command: Int
    package let code: String
}

/// Counts of one listener on one worker: plain numbers, because nobody else touches them.
package final class ListenerMetrics {
    /// Different codes that are told apart; the rest is counted as `other`.
    private static let codeLimit = 512

    @exclusivity(unchecked) package var sessionsOpened: UInt64 = 0
    @exclusivity(unchecked) package var sessionsClosed: UInt64 = 0
    @exclusivity(unchecked) package var upstreamsOpened: UInt64 = 0
    @exclusivity(unchecked) package var upstreamsReused: UInt64 = 0
    @exclusivity(unchecked) package var bytesFromClients: UInt64 = 0
    @exclusivity(unchecked) package var bytesFromBackends: UInt64 = 0
    /// Commands that passed without being timed: pipelined beyond the bound, or after framing was lost.
    @exclusivity(unchecked) package var untracked: UInt64 = 0
    /// Messages a backend sent that answer nothing: pushes, notices.
    @exclusivity(unchecked) package var pushes: UInt64 = 0
    /// Commands that waited because there were too many in a second.
    @exclusivity(unchecked) package var delayed: UInt64 = 0
    @exclusivity(unchecked) package private(set) var framingLost: [String: UInt64] = [:]
    @exclusivity(unchecked) package private(set) var commands: [CommandMetrics] = []
    @exclusivity(unchecked) package private(set) var codes: [CommandCode: UInt64] = [:]
    @exclusivity(unchecked) package private(set) var failures: [String: UInt64] = [:]
    /// Commands that the gateway did not let through, by reason.
    @exclusivity(unchecked) package private(set) var refusals: [String: UInt64] = [:]
    private let commandCount: Int

    package init(commandCount: Int) { self.commandCount = commandCount }

    /// Notes an answered command: `command` is its index among the front's names, `nanoseconds` its latency.
    @inline(__always)
    package func record(command: Int, nanoseconds: UInt64, requestBytes: UInt64 = 0, responseBytes: UInt64 = 0) {
        if commands.isEmpty { commands = Array(repeating: CommandMetrics(), count: commandCount) }
        guard command < commands.count else { return }
        commands[command].latency.record(nanoseconds)
        commands[command].requestBytes &+= requestBytes
        commands[command].responseBytes &+= responseBytes
    }

    /// Notes that a command was answered with an error, or with a status worth counting.
    package func count(code: String, command: Int, failed: Bool = true) {
        if commands.isEmpty { commands = Array(repeating: CommandMetrics(), count: commandCount) }
        if failed, command < commands.count { commands[command].failed &+= 1 }
        let key = CommandCode(command: command, code: code)
        if codes[key] == nil, codes.count >= Self.codeLimit {
            codes[CommandCode(command: command, code: "other"), default: 0] &+= 1
        } else {
            codes[key, default: 0] &+= 1
        }
    }

    /// Notes a failure that the gateway itself saw, by its cause.
    package func count(failure cause: String) { failures[cause, default: 0] &+= 1 }

    /// Notes a command that the gateway did not let through.
    package func count(refusal reason: String) { refusals[reason, default: 0] &+= 1 }

    /// Notes that the framer of `side` lost the frames: bytes pass on, facts end.
    package func count(framingLost side: String) { framingLost[side, default: 0] &+= 1 }

    /// A copy for whoever reports.
    package var snapshot: ListenerSnapshot {
        ListenerSnapshot(
            sessionsOpened: sessionsOpened, sessionsClosed: sessionsClosed, upstreamsOpened: upstreamsOpened,
            upstreamsReused: upstreamsReused, bytesFromClients: bytesFromClients,
            bytesFromBackends: bytesFromBackends, untracked: untracked, pushes: pushes, delayed: delayed,
            framingLost: framingLost,
            commands: commands, codes: codes, failures: failures, refusals: refusals)
    }
}

/// The counts of a listener, from one worker or summed over several.
package struct ListenerSnapshot: Sendable {
    package var sessionsOpened: UInt64 = 0
    package var sessionsClosed: UInt64 = 0
    package var upstreamsOpened: UInt64 = 0
    package var upstreamsReused: UInt64 = 0
    package var bytesFromClients: UInt64 = 0
    package var bytesFromBackends: UInt64 = 0
    package var untracked: UInt64 = 0
    package var pushes: UInt64 = 0
    package var delayed: UInt64 = 0
    package var framingLost: [String: UInt64] = [:]
    package var commands: [CommandMetrics] = []
    package var codes: [CommandCode: UInt64] = [:]
    package var failures: [String: UInt64] = [:]
    package var refusals: [String: UInt64] = [:]

    package mutating func add(_ other: ListenerSnapshot) {
        sessionsOpened += other.sessionsOpened
        sessionsClosed += other.sessionsClosed
        upstreamsOpened += other.upstreamsOpened
        upstreamsReused += other.upstreamsReused
        bytesFromClients += other.bytesFromClients
        bytesFromBackends += other.bytesFromBackends
        untracked += other.untracked
        pushes += other.pushes
        delayed += other.delayed
        framingLost.merge(other.framingLost, uniquingKeysWith: +)
        codes.merge(other.codes, uniquingKeysWith: +)
        failures.merge(other.failures, uniquingKeysWith: +)
        refusals.merge(other.refusals, uniquingKeysWith: +)
        if commands.isEmpty {
            commands = other.commands
            return
        }
        for index in other.commands.indices where index < commands.count {
            commands[index].failed += other.commands[index].failed
            commands[index].requestBytes += other.commands[index].requestBytes
            commands[index].responseBytes += other.commands[index].responseBytes
            commands[index].latency.add(other.commands[index].latency)
        }
    }
}
