// Sets of a declared adapter: the operation of the file for each condition and time.

import Capabilities

extension DeclaredKeyValue {
    /// The operation of the file that sets so; nil when the version is none that the server can have given.
    func set(
        _ key: [UInt8], _ value: [UInt8], _ options: SetOptions, _ context: CallContext
    ) throws(Failure) -> DeclaredPlan? {
        guard !options.returnsOld else { throw .refused(.keyValueExchange, reason: "a set cannot give the old value") }
        var inputs = Inputs()
        inputs.now = context.now
        inputs.database = Int64(context.database)
        let row: Int
        switch options.condition {
        case .always: row = 0
        case .absent: row = 1
        case .present: row = 2
        case .version(let version):
            row = 3
            guard calls.isVersion(version.bytes) else { return nil }
            inputs.third = version.bytes
        }
        let operation: OperationProgram
        switch options.expiry {
        case .never:
            guard let plain = sets[row * 3] else { throw unmappedSet(row, "") }
            operation = plain
            inputs.numberA = program.encoder.expiry.never
        case .kept:
            guard let keeping = sets[row * 3 + 2] else { throw unmappedSet(row, "-keeping-expiry") }
            operation = keeping
        case .at(let time):
            if let own = sets[row * 3 + 1] {
                operation = own
            } else if let plain = sets[row * 3], plain.writesExpiry {
                operation = plain
            } else {
                throw unmappedSet(row, "-with-expiry")
            }
            inputs.numberA = try program.encoder.expiry.number(at: time, now: context.now)
        }
        try calls.checkValue(value, .keyValueSet)
        inputs.first = try calls.key(key, operation)
        inputs.second = value
        return DeclaredPlan(operation, inputs, .stored)
    }

    private func unmappedSet(_ row: Int, _ suffix: String) -> Failure {
        let names = ["set", "set-if-absent", "set-if-present", "set-if-version"]
        let capabilities: [Capability] = [
            .keyValueSet, .keyValueConditionalSet, .keyValueConditionalSet, .keyValueCompareAndSet,
        ]
        return calls.unmapped(names[row] + suffix, suffix.isEmpty ? capabilities[row] : .keyValueTTL)
    }

    func setMany(
        _ pairs: [Pair], _ onlyIfAllAbsent: Bool, _ context: CallContext
    ) async throws(Failure) -> Answer {
        guard !onlyIfAllAbsent else {
            throw .refused(.keyValueMultiKey, reason: "several keys cannot be set only if none of them is there")
        }
        for pair in pairs { _ = try await perform(.set(key: pair.name, value: pair.value, SetOptions()), context) }
        return .done
    }
}
