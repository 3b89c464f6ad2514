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

/// A statement on its way to the candidate.
final class PostgresShadowJob: ShadowSerialJob, @unchecked Sendable {
    let command: PostgresCommand
    let identity: PostgresShadowIdentity
    let isOrdered: Bool
    /// Of the statement without its literals.
    let shape: UInt64
    /// Bytes of the statement's text, and the number of values beside it.
    let measure: (text: Int, values: Int)
    /// What the client got, up to ReadyForQuery.
    var reply: [UInt8] = []

    init(
        _ command: PostgresCommand, _ reading: PostgresReading, _ bytes: [UInt8], shape: UInt64,
        size: (text: Int, values: Int), identity: PostgresShadowIdentity, writes keys: [UInt64] = []
    ) {
        self.command = command
        self.identity = identity
        isOrdered = reading.isOrdered
        self.shape = shape
        measure = size
        super.init(bytes, keys: keys, isWrite: !keys.isEmpty, isAboutAll: reading.readsData)
    }

    override var replySize: Int { reply.count }
    override var name: String { command.name.description }

    override var redacted: String {
        let values = measure.values == 0 ? "" : ", \(measure.values) values"
        return "\(command.name.description.uppercased()) <\(measure.text) bytes\(values)>"
    }
}
