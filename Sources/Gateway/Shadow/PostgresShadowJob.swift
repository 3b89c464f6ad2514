// A transaction of a PostgreSQL client's, or a statement outside of one, on its way to the candidate.

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

/// What is repeated at the candidate as a whole, on one connection; it grows while its client goes on.
final class PostgresShadowJob: ShadowSerialJob, @unchecked Sendable {
    let identity: PostgresShadowIdentity
    let database: [UInt8]
    private(set) var steps: [PostgresShadowStep] = []
    /// Of all steps, in order.
    private(set) var parts: [PostgresShadowStep.Part] = []
    /// Why it does not go to the candidate, where that is so.
    var reason: ShadowDrop?
    /// Whether it began with BEGIN.
    var isTransaction = false
    /// Whether it needs to be asked where it may write, if only because it takes locks.
    private(set) var needsWriter = false
    /// Whether it may say that it writes.
    private(set) var allowsWrites = false
    /// The cursors that the candidate has too, by their names.
    private(set) var cursors: [String: PostgresShadowCursor] = [:]
    /// The settings that it changes, for the time after it as well.
    private(set) var settings: [[UInt8]] = []
    /// Bytes that have room in the queue.
    var charged = 0
    /// The hashes of the tables on which it depends.
    var reads: Set<UInt64> = []
    /// Whether another has written meanwhile what it reads or writes.
    var isRaced = false
    /// Whether it may have written anything.
    var isWide = false
    /// Whether its session has tables of its own, so that a name that is not known may be one of them.
    var isOwn = false
    /// Whether it may have changed what tables there are.
    var changesTables = false
    /// Whether the candidate changes them as well.
    var definesTables = false

    /// Statements of one unit, and bytes of them and of their answers.
    static let limit = 256
    static let byteLimit = 1 << 20

    init(_ identity: PostgresShadowIdentity, isSent: Bool) {
        self.identity = identity
        database = Array(identity.database.utf8)
        super.init([], keys: [], isSent: isSent)
    }

    override var size: Int { charged }
    override var count: Int { parts.count }
    override func name(at index: Int) -> String { parts[index].statement.command.name.description }
    override func size(at index: Int) -> Int { parts[index].question.count }

    override func redacted(at index: Int) -> String {
        let part = parts[index]
        let values = part.values == 0 ? "" : ", \(part.values) values"
        return "\(name(at: index).uppercased()) <\(part.statement.text.count) bytes\(values)>"
    }

    /// Whether so much more is within the bounds.
    func hasRoom(for step: PostgresShadowStep) -> Bool {
        parts.count + step.parts.count <= Self.limit && hasRoom(step.size)
    }

    func hasRoom(_ count: Int) -> Bool { charged + count <= Self.byteLimit }

    /// The client has sent the next step.
    func append(_ step: PostgresShadowStep) {
        var step = step
        for index in step.parts.indices { follow(&step.parts[index]) }
        steps.append(step)
        parts += step.parts
        for part in step.parts {
            let reading = part.statement.reading
            if reading.control == .begin { isTransaction = true }
            if reading.kind == .write { isWrite = true }
            if reading.kind == .write || reading.locksRows { needsWriter = true }
            if reading.allowsWrites { allowsWrites = true }
            if reading.kind == .setting { settings.append(part.statement.text) }
        }
    }

    /// Minds the cursors.
    private func follow(_ part: inout PostgresShadowStep.Part) {
        switch part.statement.reading.cursor {
        case .declare(let name, _, _): cursors[name] = PostgresShadowCursor(part.statement)
        case .fetch(let name, let isAll):
            cursors[name]?.fetch(isAll: isAll)
            part.cursor = cursors[name]
        case .close(let name?): cursors[name] = nil
        case .close(nil): cursors = [:]
        case nil: break
        }
    }

    /// A cursor that the candidate does not have has this name now.
    func leaveOut(cursor name: String) { cursors[name] = nil }

    /// Whether rows of a COPY may come.
    var takesData: Bool { steps.last?.takesData ?? false }

    /// The client has sent rows behind the last step.
    func append(data: [UInt8]) {
        guard !steps.isEmpty else { return }
        steps[steps.count - 1].append(data: data)
    }

    /// The client has got the answer to the last step.
    func answer(_ reply: [UInt8]) {
        guard !steps.isEmpty else { return }
        steps[steps.count - 1].reply = reply
    }

    /// Keeps nothing of what it has done so far.
    func forget() {
        steps = []
        parts = []
        isWrite = false
    }

    /// What a transaction's last word was answered with.
    var lastTag: [UInt8]? {
        guard let reply = steps.last?.reply else { return nil }
        return PostgresComparableReply(reply.span)?.tag
    }
}
