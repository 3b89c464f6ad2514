// The lock idiom's scripts, done with versions or with a backend's own locks.

import Capabilities
import RedisWire

extension RedisTranslator {
    /// Tries before a value that others keep changing is given up.
    private static let tries = 16

    /// Whether a known script did what it is for.
    func isDone(
        _ script: RedisKnownScript, _ key: [UInt8], _ arguments: [[UInt8]], _ call: CallContext
    ) async throws(Failure) -> Bool {
        let milliseconds = script == .compareAndExpire ? RedisInteger.parse(arguments[1]) ?? 0 : 0
        let compare = Operation.keyValue(.getVersioned(key: key))
        guard gate.permits(compare.needs) else {
            let owner = arguments[0]
            let operation: LockOperation =
                script == .compareAndDelete || milliseconds <= 0
                ? .release(name: key, owner: owner)
                : .extend(name: key, owner: owner, ttlMilliseconds: milliseconds)
            return try await gate.perform(.lock(operation), call) == .flag(true)
        }
        for _ in 0..<Self.tries {
            guard case .versioned(let value, let version) = try await gate.perform(compare, call), value == arguments[0]
            else {
                return false
            }
            if script == .compareAndDelete || milliseconds <= 0 {
                if try await gate.perform(.keyValue(.deleteVersion(key: key, version)), call) == .flag(true) {
                    return true
                }
                continue
            }
            let (time, overflowed) = call.now.addingReportingOverflow(milliseconds)
            guard !overflowed else { throw .invalid("invalid expire time in 'pexpire' command") }
            let options = SetOptions(.version(version), expiry: .at(time))
            if try await gate.perform(.keyValue(.set(key: key, value: value, options)), call) == .done { return true }
        }
        throw .indeterminate("the value changed each time it was looked at")
    }
}
