// The lock idiom's scripts, done with versions or with a backend's own locks.

import Capabilities
import RedisWire

extension RedisTranslator {
    /// Tries before a value that others keep changing is given up.
    private static let tries = 16

    /// What becomes of a lock whose owner is the one that asks.
    private enum LockFate {
        case unchanged
        case deleted
        case kept(until: Int64)
    }

    /// Whether a known script did what it is for.
    func isDone(
        _ script: RedisKnownScript, _ key: [UInt8], _ arguments: [[UInt8]], _ call: CallContext
    ) async throws(Failure) -> Bool {
        // Where SET NX PX is done by a lock of the backend, so is what its owner asks for; no value is there to compare.
        let takesLocks = takesLocks
        if takesLocks, try await isDoneByLock(script, key, arguments, call) { return true }
        let compare = Operation.keyValue(.getVersioned(key: key))
        guard gate.permits(compare.needs) else {
            if takesLocks { return false }
            // Where SET NX makes a key, a lock of the backend would be another thing than the one that the client means.
            if gate.permits(.keyValueConditionalSet) { try gate.check(compare.needs) }
            return try await isDoneByLock(script, key, arguments, call)
        }
        for _ in 0..<Self.tries {
            guard case .versioned(let value, let version) = try await gate.perform(compare, call), value == arguments[0]
            else {
                return false
            }
            switch try await fate(script, key, arguments, call) {
            case .unchanged: return false
            case .deleted:
                if try await gate.perform(.keyValue(.deleteVersion(key: key, version)), call) == .flag(true) {
                    return true
                }
            case .kept(let time):
                let options = SetOptions(.version(version), expiry: .at(time))
                if try await gate.perform(.keyValue(.set(key: key, value: value, options)), call) == .done {
                    return true
                }
            }
        }
        throw .indeterminate("the value changed each time it was looked at")
    }

    private func fate(
        _ script: RedisKnownScript, _ key: [UInt8], _ arguments: [[UInt8]], _ call: CallContext
    ) async throws(Failure) -> LockFate {
        if script == .compareAndDelete { return .deleted }
        var start = call.now
        if script == .compareAndExtend {
            guard case .integer(let expiry) = try await gate.perform(.keyValue(.expiry(key: key)), call) else {
                return .unchanged
            }
            if arguments[2] == Self.adds { start = expiry }
        }
        guard let milliseconds = RedisInteger.parse(arguments[1]) else { throw .notAnInteger }
        let (time, overflowed) = start.addingReportingOverflow(milliseconds)
        guard !overflowed else { throw .invalid("invalid expire time in 'pexpire' command") }
        return time > call.now ? .kept(until: time) : .deleted
    }

    private func isDoneByLock(
        _ script: RedisKnownScript, _ name: [UInt8], _ arguments: [[UInt8]], _ call: CallContext
    ) async throws(Failure) -> Bool {
        let owner = arguments[0]
        var milliseconds: Int64 = 0
        if script != .compareAndDelete {
            guard let number = RedisInteger.parse(arguments[1]) else { throw .notAnInteger }
            milliseconds = number
        }
        if script == .compareAndExtend, arguments[2] == Self.adds {
            throw .refused(.keyValueCompareAndSet, reason: "a lock does not tell the time that more could be added to")
        }
        return try await changeLock(name, owner: owner, milliseconds: milliseconds <= 0 ? nil : milliseconds, call)
    }

    /// The third argument with which time is added to what is left.
    private static let adds: [UInt8] = [0x30]
}
