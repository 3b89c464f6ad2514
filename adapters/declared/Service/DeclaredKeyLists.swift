// All keys of a declared adapter: lists, pages and random ones.

import Capabilities

extension DeclaredKeyValue {
    /// Keys of one page at most; also what a listing of all of them asks for.
    private static let pageItems: Int64 = 1000

    func rangeInputs(_ context: CallContext) -> Inputs {
        var inputs = Inputs()
        inputs.database = Int64(context.database)
        (inputs.first, inputs.second) = calls.keyRange
        inputs.third = inputs.first
        inputs.numberB = Self.pageItems
        return inputs
    }

    func list(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        if case .scan(let cursor, let match, let count, let type) = operation {
            return try await scan(cursor, match, count, type, context)
        }
        let names = try await calls.runPages(try calls.mapped("keys"), rangeInputs(context))
        let keys = names.map { calls.read(key: $0) }
        if case .keys(let match) = operation {
            return .list(keys.filter { Glob.matches(match, $0) }.map { .bytes($0) })
        }
        return keys.randomElement().map { .bytes($0) } ?? .missing
    }

    /// One page of the server's; all keys at once where the file says nothing of pages.
    private func scan(
        _ cursor: UInt64, _ match: [UInt8]?, _ count: Int, _ type: [UInt8]?, _ context: CallContext
    ) async throws(Failure) -> Answer {
        var inputs = rangeInputs(context)
        if cursor != 0 {
            guard let place = calls.cursors[cursor] else {
                throw .invalid("the cursor is none of this backend's, or too old: begin the scan again at 0")
            }
            inputs.third = place
        }
        inputs.numberB = min(max(1, Int64(count)), Self.pageItems)
        let (exchange, next) = try await calls.runPage(try calls.mapped("keys"), inputs)
        let following = next.map { calls.cursors.open(at: $0) } ?? 0
        var keys = exchange.outputs.names.map { calls.read(key: $0) }.filter {
            match == nil || Glob.matches(match ?? [], $0)
        }
        if let type {
            if let operation = program["type"] {
                let types = try await all(keys, operation, context)
                keys = zip(keys, types).filter { $0.1.outcome == .result && $0.1.outputs.value == type }.map(\.0)
            } else if type != Array("string".utf8) {
                // Every value is a string.
                keys = []
            }
        }
        return .page(cursor: following, keys.map { .bytes($0) })
    }
}
