// Turns failures of capability calls into error replies.

import Capabilities
import RedisWire

extension Gate {
    /// The error reply of `command` for `failure`: the real server's text where it has one, else one that names the backend.
    func redisError(_ failure: Failure, _ command: RedisCommand) -> RedisErrorText {
        switch failure {
        case .refused(let capability, let reason): RedisErrorText("ERR \(refusal(capability, reason))")
        case .wrongType: .wrongType
        case .notAnInteger: command == Self.hashIncrement ? .hashNotAnInteger : .notAnInteger
        case .notAFloat: command == Self.hashIncrementFloat ? .hashNotAFloat : .notAFloat
        case .overflow: .overflow
        case .notFinite: Self.scoring.contains(command) ? .notANumberScore : .notFiniteSum
        case .noSuchKey: .noSuchKey
        case .indexOutOfRange: .indexOutOfRange
        case .tooLarge(let limit):
            limit >= RedisLimits.translatedBulk.maximum
                ? .stringTooLong
                : RedisErrorText("ERR \(label) holds values of up to \(limit) bytes, and this one is larger")
        case .invalid(let text): RedisErrorText("ERR \(text)")
        case .unavailable(let text): fault("cannot be reached: \(text)")
        case .indeterminate(let text): fault("may or may not have done this: \(text)")
        case .backend(let text): fault("answered with an error: \(text)")
        case .protocolBroken(let text): fault("broke the rules of its protocol: \(text)")
        case .cancelled: RedisErrorText("ERR fairlead: the session is being closed")
        }
    }

    /// What a client hears of a command that Redis has and no translation.
    func redisRefusal(of command: String) -> RedisErrorText {
        RedisErrorText(
            "ERR UNSUPPORTED command '\(command)': \(label) is behind Fairlead's Redis translator, "
                + "which does not have it")
    }

    private var label: String { "backend '\(backend.name)' (adapter \(manifest.adapter))" }

    private func fault(_ what: String) -> RedisErrorText {
        // Composed with the bounds of every error that is the gateway's own; the mark and the line end are the writer's.
        RedisErrorText(bytes: Array(RedisErrorReply.compose("\(label) \(what)").dropFirst().dropLast(2)))
    }

    private static let hashIncrement = RedisCommand("hincrby")
    private static let hashIncrementFloat = RedisCommand("hincrbyfloat")
    private static let scoring = [RedisCommand("zadd"), RedisCommand("zincrby")]
}
