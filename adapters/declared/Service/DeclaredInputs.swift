// What goes into a request of a declared adapter: keys, names, versions and values, each held to what the file says.

import Capabilities

extension DeclaredCalls {
    /// A request about a key.
    @inline(__always)
    func request(_ key: [UInt8], _ operation: OperationProgram, _ context: CallContext) throws(Failure) -> Inputs {
        var inputs = Inputs(first: try self.key(key, operation))
        inputs.now = context.now
        inputs.database = Int64(context.database)
        return inputs
    }

    /// A number that is added, without an exponent or anything else that only some servers read.
    func addend(_ text: [UInt8]) throws(Failure) -> [UInt8] { try DecimalText.sum(text, Array("0".utf8)) }

    /// Refuses databases that the file does not declare.
    @inline(__always)
    func checkDatabase(_ context: CallContext) throws(Failure) {
        guard context.database != 0, context.database >= program.databases else { return }
        let last = program.databases - 1
        throw .refused(
            .keyValueDatabases, reason: last == 0 ? "there is only database 0" : "the last database is \(last)")
    }

    /// A key as the server gets it.
    @inline(__always)
    func key(_ key: [UInt8], _ operation: OperationProgram) throws(Failure) -> [UInt8] {
        let longest = min(program.keys.longest, operation.longestKey ?? .max) - program.keyPrefix.count
        let written = try program.keys.write(key, longest: longest, for: operation.shape.capability)
        return program.keyPrefix.isEmpty ? written : program.keyPrefix + written
    }

    /// The key that the server knows as `written`.
    func read(key written: [UInt8]) -> [UInt8] {
        guard !program.keyPrefix.isEmpty else { return program.keys.read(written) }
        return program.keys.read(
            written.starts(with: program.keyPrefix) ? Array(written.dropFirst(program.keyPrefix.count)) : written)
    }

    /// Another name: of a lock, a queue or a channel.
    func name(_ name: [UInt8], _ operation: OperationProgram) throws(Failure) -> [UInt8] {
        let longest = min(program.keys.longest, operation.longestKey ?? .max) - operation.prefix.count
        let written = try program.keys.write(name, longest: longest, for: operation.shape.capability)
        return operation.prefix.isEmpty ? written : operation.prefix + written
    }

    /// Whether a mark that a client may have made up can stand in a line.
    func isSafe(_ mark: [UInt8]) -> Bool {
        !isText || !mark.isEmpty && mark.count <= 1024 && mark.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Whether a version can be one of the server's: no other would be compared, or it would mean something else.
    func isVersion(_ version: [UInt8]) -> Bool {
        // In a binary header it is a number, and zero there commonly means "whatever it is".
        program.hasNumericVersion ? Decimal.parse(version).map { $0 != 0 } ?? false : isSafe(version)
    }

    /// Holds a value to what the file declares, and to what could be read back: an answer beyond the frame breaks its connection.
    func checkValue(_ value: [UInt8], _ capability: Capability) throws(Failure) {
        let limit = min(program.manifest[capability].bounds[.valueBytes] ?? .max, program.limits.frame)
        if value.count > limit { throw .tooLarge(limit: limit) }
    }

    /// Holds the number of keys, or other items, of one call to what the file declares.
    func checkBatch(
        _ count: Int, _ capability: Capability = .keyValueMultiKey, _ what: String = "keys"
    ) throws(Failure) {
        guard let limit = program.manifest[capability].bounds[.batch], count > limit else { return }
        throw .invalid(
            "the adapter takes at most \(limit) \(what) at once (\(capability.name), bound batch), not \(count)")
    }

    /// The first key that all keys of the adapter begin at, and the first one behind them.
    var keyRange: (start: [UInt8], end: [UInt8]) {
        program.keyPrefix.isEmpty ? ([0], [0]) : (program.keyPrefix, Self.successor(program.keyPrefix))
    }

    /// The first name that comes behind all that begin with `prefix`; a zero byte when there is none.
    static func successor(_ prefix: [UInt8]) -> [UInt8] {
        var prefix = prefix
        while let last = prefix.last {
            if last < 255 {
                prefix[prefix.count - 1] = last + 1
                return prefix
            }
            prefix.removeLast()
        }
        return [0]
    }
}
