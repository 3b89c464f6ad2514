// One PostgreSQL statement that goes to the candidate, with the answer that the client got.

import PostgresWire

/// What an answer depends on beside the statement: who asks, of which database, with which settings.
struct PostgresShadowIdentity: Equatable {
    var user: String
    var database: String
    /// Of the startup packet.
    var parameters: PostgresStartupParameters
    /// The statements that have changed settings since, in order.
    var settings: [[UInt8]] = []

    static let settingLimit = 32
    static let settingSize = 1024
}

/// A statement on its way to the candidate; only such as read.
final class PostgresShadowJob: ShadowJob, @unchecked Sendable {
    let command: PostgresCommand
    let identity: PostgresShadowIdentity
    let isOrdered: Bool
    /// Of the statement without its literals.
    let shape: UInt64
    /// Bytes of the statement's text, and the number of values beside it.
    let size: (text: Int, values: Int)
    /// What the client got, up to ReadyForQuery.
    var reply: [UInt8] = []
    /// Looks at a difference so far, and how many of them found it again.
    var rounds = 0
    var confirmations = 0
    /// When to look again, in nanoseconds of the worker's clock.
    var due: UInt64 = 0

    init(
        _ command: PostgresCommand, _ reading: PostgresReading, _ bytes: [UInt8], shape: UInt64,
        size: (text: Int, values: Int), identity: PostgresShadowIdentity
    ) {
        self.command = command
        self.identity = identity
        isOrdered = reading.isOrdered
        self.shape = shape
        self.size = size
        super.init(bytes, keys: [], isAboutAll: reading.readsData)
    }

    override var replySize: Int { reply.count }

    /// The statement without its names and values.
    var redacted: String {
        let values = size.values == 0 ? "" : ", \(size.values) values"
        return "\(command.name.description.uppercased()) <\(size.text) bytes\(values)>"
    }
}
