// Reads when fields of hashes end, where a server has such lives.

extension KeyReader {
    /// Fields that are asked about at a time.
    private static let fieldsAtOnce = 512

    /// Notes in `content` when fields of the hash `key` end (HPEXPIRETIME, since Redis 7.4).
    ///
    /// HSET ends their lives, so a hash that is copied without them would keep for ever what is to end.
    func readLives(
        of fields: [[UInt8]: [UInt8]], _ key: [UInt8], in database: UInt32, _ content: inout KeyContent?
    ) async throws(LinkProblem) {
        guard link.tellsFieldLives != false else { return }
        var rest = Array(fields.keys)[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.fieldsAtOnce))
            rest = rest.dropFirst(some.count)
            var command = [Array("HPEXPIRETIME".utf8), key, Array("FIELDS".utf8), Array("\(some.count)".utf8)]
            command += some
            let answer = try await link.ask([command], in: database)[0]
            if let error = answer.error {
                if error.contains("unknown command") || error.contains("UNSUPPORTED") {
                    // A server that does not know the command has no such lives.
                    link.tellsFieldLives = false
                } else {
                    content = try refused(error).map { KeyContent(value: $0) }
                }
                return
            }
            link.tellsFieldLives = true
            // It has changed meanwhile.
            guard let ends = answer.elements, ends.count == some.count else {
                content = nil
                return
            }
            for (field, end) in zip(some, ends) {
                // -1: for ever, -2: it is gone by now.
                if let end = end.integer, end >= 0 { content?.fieldEnds[field] = end }
            }
        }
    }
}
