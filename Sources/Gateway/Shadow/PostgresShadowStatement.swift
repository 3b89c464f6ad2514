// A statement as a client has sent it, and what of a conversation goes from one ReadyForQuery to the next.

import PostgresWire
import Wire

/// A statement, and what its words tell.
struct PostgresShadowStatement {
    let command: PostgresCommand
    let reading: PostgresReading
    /// What it writes, where it can be repeated elsewhere.
    let writing: PostgresWriting?
    /// What it makes or changes, where that can be repeated elsewhere.
    let definition: PostgresDefinition?
    let reach: PostgresReach
    let shape: UInt64
    /// The text alone.
    let text: [UInt8]
    /// Of a Parse, what stands behind the name.
    let parse: [UInt8]

    /// Whether it may be about another schema than the session's, or change which that is for its transaction.
    var isElsewhere: Bool {
        if reading.kind == .setting || reading.control == .within { return !reach.words.isDisjoint(with: Self.ways) }
        return reach.isQualified || writing?.isQualified == true
    }

    /// Words of settings that change the schema, or may.
    static let ways: Set<String> = ["search_path", "schema", "reset", "default"]

    init(_ bytes: Bytes, _ text: Range<Int>, _ parse: [UInt8]) {
        let statement = bytes.extracting(text)
        command = PostgresCommand.first(of: statement)
        reading = PostgresReading(statement)
        writing = reading.kind == .write ? PostgresWriting(statement) : nil
        definition = reading.changesTables ? PostgresDefinition(statement) : nil
        reach = PostgresReach(statement: statement)
        shape = PostgresUsageLook.hash(text, in: bytes)
        self.text = bytes.array(text)
        self.parse = parse
    }
}

/// A Query, or the messages up to a Sync.
struct PostgresShadowStep {
    /// One statement of it.
    struct Part {
        let statement: PostgresShadowStatement
        /// What asks it on another connection, but for a Sync.
        let question: [UInt8]
        /// The number of values beside the text.
        let values: Int
        /// The cursor from which it takes rows.
        var cursor: PostgresShadowCursor?

        /// What its rows have to have in common.
        var order: PostgresRowOrder { cursor?.order ?? (statement.reading.isOrdered ? .ordered : .unordered) }

        /// What asks it with nothing else.
        var alone: [UInt8] { question.first == UInt8(ascii: "Q") ? question : question + PostgresQuestion.sync }

        /// What its noise is known by.
        var shape: UInt64 { cursor.map { $0.shape &* 31 ^ statement.shape } ?? statement.shape }
    }

    var parts: [Part]
    /// Statements that are carried out, of which not all need be known.
    let executions: Int
    /// Whether the parts say all that is to be asked again.
    let isRepeatable: Bool
    /// Whether it takes the rows of a portal in parts, or of one with a name.
    let takesParts: Bool
    /// What stands behind all parts.
    private let end: [UInt8]
    /// The rows that a COPY takes in.
    private(set) var data: [UInt8] = []
    /// What the client got, up to ReadyForQuery.
    var reply: [UInt8] = []

    /// A server that takes no data passes over it.
    var question: [UInt8] {
        parts.flatMap(\.question) + (takesData ? PostgresQuestion.copyData(data) + PostgresQuestion.copyDone : []) + end
    }
    /// Whether all that it does is to read rows in parts.
    var readsParts: Bool {
        takesParts && parts.count == executions
            && parts.allSatisfy { $0.statement.reading.kind == .read }
    }
    var size: Int { parts.reduce(end.count + data.count) { $0 + $1.question.count } }
    /// Whether its client sends rows behind it.
    var takesData: Bool { parts.last?.statement.writing?.takesData ?? false }

    mutating func append(data more: [UInt8]) { data += more }

    /// A Query.
    init(_ statement: PostgresShadowStatement) {
        parts = [Part(statement: statement, question: PostgresQuestion.query(statement.text), values: 0)]
        executions = 1
        isRepeatable = true
        takesParts = false
        end = []
    }

    /// The messages up to a Sync.
    init(_ parts: [Part], executions: Int, isRepeatable: Bool, takesParts: Bool) {
        self.takesParts = takesParts
        self.parts = parts
        self.executions = executions
        self.isRepeatable = isRepeatable
        end = PostgresQuestion.sync
    }
}

/// The messages since the last Sync.
struct PostgresShadowSegment {
    var isOpen = false
    private(set) var executions = 0
    private var parts: [PostgresShadowStep.Part] = []
    private var bound: PostgresShadowStatement?
    private var bind: [UInt8] = []
    private var values = 0
    /// Bytes of the questions so far.
    private var size = 0
    private var isPlain = true
    private var takesParts = false
    private var describesStatement = false
    private var describesPortal = false

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
        if !isWhole {
            isPlain = false
            takesParts = true
        }
        guard let statement = bound, parts.count < PostgresShadowJob.limit else {
            isPlain = false
            return
        }
        var question: [UInt8] = []
        if isPlain, size + statement.parse.count + bind.count <= PostgresShadowJob.byteLimit {
            question =
                PostgresQuestion.parse(statement.parse)
                + (describesStatement ? PostgresQuestion.describe(statement: true) : [])
                + PostgresQuestion.bind(bind)
                + (describesPortal ? PostgresQuestion.describe(statement: false) : [])
                + PostgresQuestion.execute
            size += question.count
        } else {
            isPlain = false
        }
        parts.append(PostgresShadowStep.Part(statement: statement, question: question, values: values))
        bound = nil
        bind = []
        (describesStatement, describesPortal) = (false, false)
    }

    /// Of a portal with a name, which runs `statement`; nil where that is not known.
    mutating func execute(named statement: PostgresShadowStatement?) {
        isOpen = true
        executions += 1
        isPlain = false
        takesParts = true
        guard let statement, parts.count < PostgresShadowJob.limit else { return }
        parts.append(PostgresShadowStep.Part(statement: statement, question: [], values: 0))
    }

    var step: PostgresShadowStep {
        PostgresShadowStep(parts, executions: executions, isRepeatable: isPlain, takesParts: takesParts)
    }
}
