// Times to live of a declared adapter: a time that has passed, and one that depends on the present one.

import Capabilities

extension DeclaredKeyValue {
    func expire(_ key: [UInt8], at time: Int64, _ context: CallContext) async throws(Failure) -> Bool {
        guard time > context.now else {
            return try await calls.answer(try calls.single("delete", key, context, .flag)) == .flag(true)
        }
        let number = try expiryNumber(.at(time), context)
        return try await calls.answer(try calls.single("expire", key, context, .flag) { $0.numberA = number })
            == .flag(true)
    }

    /// Sets an expiry that depends on the one that there is: the value is written again, if its version still holds.
    func expire(
        _ key: [UInt8], at time: Int64, if condition: ExpireCondition, _ context: CallContext
    ) async throws(Failure) -> Bool {
        guard program["expiry"] != nil else {
            throw .refused(.keyValueTTL, reason: "it cannot depend on an expiry that the backend does not tell")
        }
        for _ in 0..<Self.attempts {
            guard case .versioned(let value, let version) = try await perform(.getVersioned(key: key), context) else {
                return false
            }
            let present: Int64?
            switch try await perform(.expiry(key: key), context) {
            case .missing: return false
            case .integer(let time): present = time
            default: present = nil
            }
            guard condition.holds(for: time, over: present) else { return false }
            if time <= context.now {
                if try await perform(.deleteVersion(key: key, version), context) == .flag(true) { return true }
                continue
            }
            let options = SetOptions(.version(version), expiry: .at(time))
            if try await perform(.set(key: key, value: value, options), context) == .done { return true }
        }
        throw .unavailable("the key was changed by others \(Self.attempts) times in a row")
    }

    private static let attempts = 16
}
