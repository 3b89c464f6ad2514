// What the shadow knows of a PostgreSQL client's session: its settings, its prepared statements, its open segment.

import PostgresWire
import Wire

/// A statement as a client has sent it.
struct PostgresShadowStatement {
    let command: PostgresCommand
    let reading: PostgresReading
    let shape: UInt64
    /// The text alone.
    let text: [UInt8]
    /// Of a Parse, what stands behind the name.
    let parse: [UInt8]

    /// The name of the one table that it writes, where it can be repeated elsewhere.
    var table: [UInt8]? {
        let text = text
        return PostgresWriting(text.span).map { Array($0.table.utf8) }
    }

    init(_ bytes: Bytes, _ text: Range<Int>, _ parse: [UInt8]) {
        let statement = bytes.extracting(text)
        command = PostgresCommand.first(of: statement)
        reading = PostgresReading(statement)
        shape = PostgresUsageLook.hash(text, in: bytes)
        self.text = bytes.array(text)
        self.parse = parse
    }
}

/// What the answers to a client depend on, and the statements that it has prepared.
struct PostgresShadowSession {
    private(set) var identity: PostgresShadowIdentity
    /// Whether it has something that no other session can have, such as a temporary table.
    var isOwn = false
    private var statements: [[UInt8]: PostgresShadowStatement] = [:]
    private var size = 0

    /// Prepared statements that are known of a client, and bytes of them.
    private static let statementLimit = 256
    private static let sizeLimit = 256 * 1024

    init(_ identity: PostgresShadowIdentity) { self.identity = identity }

    /// A statement was prepared, or will be found missing.
    mutating func prepare(_ name: [UInt8], _ statement: PostgresShadowStatement) {
        forget(name)
        guard statements.count < Self.statementLimit, size + statement.parse.count <= Self.sizeLimit else { return }
        size += statement.parse.count
        statements[name] = statement
    }

    mutating func forget(_ name: [UInt8]) {
        if let old = statements.removeValue(forKey: name) { size -= old.parse.count }
    }

    mutating func forgetAll() {
        statements = [:]
        size = 0
    }

    func prepared(_ name: [UInt8]) -> PostgresShadowStatement? { statements[name] }

    /// A setting was changed by `text`.
    mutating func add(_ text: [UInt8]) {
        guard identity.settings.count < PostgresShadowIdentity.settingLimit,
            text.count <= PostgresShadowIdentity.settingSize
        else {
            isOwn = true
            return
        }
        // Clients that set the same for each of their tasks must not fill the list.
        if identity.settings.last != text { identity.settings.append(text) }
    }

    /// DISCARD ALL.
    mutating func reset() {
        identity.settings = []
        isOwn = false
        forgetAll()
    }
}

/// The messages from one Sync to the next.
struct PostgresShadowSegment {
    var isOpen = false
    private(set) var executions = 0
    /// The statement of the one Execute; nil where it is not known.
    private(set) var statement: PostgresShadowStatement?
    /// Those of the Executes before it.
    private(set) var others: [PostgresShadowStatement] = []
    private(set) var values = 0
    private var bound: PostgresShadowStatement?
    private var bind: [UInt8] = []
    private var isPlain = true
    private var hasUnknown = false
    private var describesStatement = false
    private var describesPortal = false

    /// Statements of one segment whose kinds are minded.
    private static let otherLimit = 64

    /// It cannot be asked again.
    mutating func spoil() {
        isOpen = true
        isPlain = false
        bound = nil
    }

    mutating func bind(_ statement: PostgresShadowStatement?, hasName: Bool, _ rest: [UInt8], values: Int) {
        isOpen = true
        if hasName || bound != nil { isPlain = false }
        bound = statement
        bind = rest
        self.values = values
    }

    mutating func describe(portal: Bool) {
        isOpen = true
        if portal { describesPortal = true } else { describesStatement = true }
    }

    mutating func execute(isWhole: Bool) {
        isOpen = true
        executions += 1
        if executions > 1, let statement {
            if others.count < Self.otherLimit { others.append(statement) } else { hasUnknown = true }
        }
        if !isWhole { isPlain = false }
        if bound == nil { hasUnknown = true }
        statement = hasUnknown ? nil : bound
    }

    /// What asks the same on another connection; nil where that is not possible.
    var question: [UInt8]? {
        guard isPlain, executions == 1, let statement else { return nil }
        return PostgresQuestion.parse(statement.parse)
            + (describesStatement ? PostgresQuestion.describe(statement: true) : [])
            + PostgresQuestion.bind(bind)
            + (describesPortal ? PostgresQuestion.describe(statement: false) : [])
            + PostgresQuestion.executeAndSync
    }
}
