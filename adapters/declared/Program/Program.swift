// A compiled adapter: every name is a slot, every message a number, every request a list of instructions.

import Capabilities

/// What a description compiles to; shared by all workers.
final class Program: Sendable {
    let name: String
    let summary: String
    let manifest: Manifest
    let transport: TransportDescription
    /// Requests of one connection that may wait for their answers.
    let pipeline: Int
    let limits: LimitsDescription
    let keys: KeyRules
    /// What stands before every key of kv.
    let keyPrefix: [UInt8]
    /// How many numbered sets of keys there are.
    let databases: Int
    let encoder: Encoder
    let framing: FramingProgram
    let payload: PayloadProgram?
    let messages: [MessageProgram]
    /// Messages that a line with this first byte can be, by the byte.
    let byFirstByte: [[Int]]
    /// Messages whose owner depends on what is waited for.
    let isContested: [Bool]
    /// The names of the slots.
    let slots: [String]
    let idSlot: Int?
    /// Where the words of an error are.
    var textSlot: Int? { slots.firstIndex(of: "text") }
    /// The bits of an id that is sent as a binary field.
    let idBits: Int
    let login: [StepProgram]
    let keepAlive: (every: UInt64, step: StepProgram)?
    /// By the place of the shape in the language's list.
    private let operations: [OperationProgram?]

    init(
        _ description: AdapterDescription, keyPrefix: [UInt8], encoder: Encoder, framing: FramingProgram,
        payload: PayloadProgram?, messages: [MessageProgram], slots: [String], idSlot: Int?, idBits: Int,
        login: [StepProgram], keepAlive: (every: UInt64, step: StepProgram)?, operations: [OperationProgram?]
    ) {
        name = description.name
        summary = description.summary
        manifest = description.manifest
        transport = description.transport
        pipeline = description.pipeline
        limits = description.limits
        keys = description.keys
        databases = description.databases
        self.keyPrefix = keyPrefix
        self.encoder = encoder
        self.framing = framing
        self.payload = payload
        self.messages = messages
        byFirstByte = (0..<256).map { byte in
            messages.indices.filter { kind in
                guard case .literal(let literal)? = messages[kind].line.first else { return true }
                return literal[0] == UInt8(byte)
            }
        }
        isContested = messages.map { $0.answer != nil || $0.outcome == .push || $0.outcome == .ignored }
        self.slots = slots
        self.idSlot = idSlot
        self.idBits = idBits
        self.login = login
        self.keepAlive = keepAlive
        self.operations = operations
    }

    /// Whether versions are numbers of a binary header.
    var hasNumericVersion: Bool {
        guard case .header(let header) = framing, let slot = slots.firstIndex(of: "version") else { return false }
        return header.fields.contains { $0.slot == slot }
    }

    subscript(name: String) -> OperationProgram? {
        OperationShape.places[name].flatMap { operations[$0] }
    }
}

enum FramingProgram: Sendable {
    case lines(end: [UInt8], longest: Int)
    case header(HeaderProgram)
    case http(HTTPProgram)
    case untilClose(bodySlot: Int?)
}

/// What is read of an HTTP response, compiled.
struct HTTPProgram: Sendable {
    var bodySlot: Int?
    var statusSlot: Int?
    /// Header fields that somebody asks for, by their names in small letters.
    var fields: [(header: [UInt8], slot: Int, filters: [Filter])] = []
}

/// A binary header, compiled.
struct HeaderProgram: Sendable {
    /// Fields whose values somebody asks for.
    var fields: [(offset: Int, width: Int, slot: Int)]
    var size: Int
    var isBig: Bool
    var bodyOffset: Int
    var bodyWidth: Int
    var countsAll: Bool
    /// Parts in their order; the length's place in the header, nil for the rest.
    var parts: [(offset: Int, width: Int, slot: Int?, isRest: Bool)]

    @inline(__always)
    func number(_ bytes: Span<UInt8>, _ start: Int, _ width: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<width {
            let byte = UInt64(bytes[start + index])
            number = isBig ? number << 8 | byte : number | byte << UInt64(index * 8)
        }
        return number
    }
}

/// How fields are taken from a payload.
struct PayloadProgram: Sendable {
    var format: Payload
    /// The part of the frame that is the payload; nil for the whole line.
    var slot: Int?
    var tree: ExtractionTree
    /// Filters by slot, for slots that have some.
    var filters: [(slot: Int, source: Int?, filters: [Filter])]
}

struct MessageProgram: Sendable {
    var name: String
    /// The pattern; empty for a message that only a condition tells.
    var line: [LineStep]
    /// The bytes behind the line: their slot, the slot of their count, and what follows them.
    var body: (slot: Int, length: Int, end: [UInt8])?
    var condition: ConditionProgram?
    var outcome: Outcome?
    var goesOn: Bool
    var closes: Bool
    var answer: [UInt8]?
}

/// A line pattern, compiled.
enum LineStep: Sendable {
    case literal([UInt8])
    case word(Int?)
    case number(Int)
    case rest(Int)
}

/// A field of an answer that repeats something of its request.
struct EchoProgram: Sendable {
    var slot: Int
    /// What the field has to be; nil for any of the request's keys.
    var source: ValueSource?

    /// Whether the field is what the request has, or is not there.
    @inline(__always)
    func holds(_ message: Message, _ frame: Span<UInt8>, _ inputs: borrowing Inputs, _ nextKey: inout Int) -> Bool {
        switch (message.fields[slot], source) {
        case (.absent, _): return true
        // The common case, without a copy of either.
        case (.range(let start, let count), .input(0)):
            return Self.isEqual(frame.extracting(start..<start + count), inputs.first.span)
        case (.number(let number), .constant(let constant)): return number == constant
        case (_, let source?): return message.value(slot, frame).asBytes == source.value(inputs).asBytes
        case (_, nil):
            let name = message.value(slot, frame).asBytes
            // Answers mostly come in the order of the keys.
            let keys = inputs.keys
            guard let found = keys[nextKey...].firstIndex(of: name) ?? keys[..<nextKey].firstIndex(of: name) else {
                return false
            }
            nextKey = found + 1 == keys.count ? 0 : found + 1
            return true
        }
    }

    @inline(__always)
    private static func isEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }
}

/// One exchange, compiled.
final class StepProgram: Sendable {
    let encode: EncodeProgram
    let sends: Bool
    /// By message, in the order in which they are tried; empty for one that cannot answer this.
    let rules: [[RuleProgram]]
    /// By message: what has to be as in the request.
    let echoes: [[EchoProgram]]
    /// Whether the file names a message here: then it is this exchange's, whatever it is otherwise.
    let names: [Bool]
    let condition: ConditionProgram?
    /// Fields that are kept for later, and where.
    let captures: [(slot: Int, capture: Int)]
    let isStream: Bool
    /// Whether the answer has a head only, whatever it says of a body (RFC 9110, 9.3.2).
    let asksHead: Bool
    /// Whether it asks for several by their names, so that the answer has no others and no more of them.
    let asksByName: Bool
    /// Whether the payload itself is the value, whatever its form is elsewhere.
    let takesPayload: Bool

    init(
        encode: [EncodeStep], sends: Bool, rules: [[RuleProgram]], echoes: [[EchoProgram]], names: [Bool],
        condition: ConditionProgram?, captures: [(slot: Int, capture: Int)], isStream: Bool,
        asksHead: Bool, asksByName: Bool, takesPayload: Bool
    ) {
        self.encode = EncodeProgram(encode)
        self.sends = sends
        self.rules = rules
        self.echoes = echoes
        self.names = names
        self.condition = condition
        self.captures = captures
        self.isStream = isStream
        self.asksHead = asksHead
        self.asksByName = asksByName
        self.takesPayload = takesPayload
    }
}

struct RuleProgram: Sendable {
    var outcome: Outcome
    var goesOn: Bool
    var condition: ConditionProgram?
    var outputs: [(output: Output, slot: Int)]
}

/// An operation, compiled.
final class OperationProgram: Sendable {
    let shape: OperationShape
    let steps: [StepProgram]
    let captureCount: Int
    let pages: (condition: ConditionProgram, next: EncodeProgram)?
    let longestKey: Int?
    /// What stands before the name.
    let prefix: [UInt8]
    /// The inputs that its templates name.
    let mentioned: Set<Input>
    /// Those that are a whole segment of a path.
    let pathInputs: [Input]
    /// Whether a parameter that is NULL can be told from an empty text.
    let tellsNull: Bool
    /// Whether a template has {expiry} in it.
    let writesExpiry: Bool
    /// Whether it sends several items of a request in one exchange.
    let takesSeveral: Bool
    /// Whether it may be sent again by itself when nothing of it has left: later steps may not.
    let isRepeatable: Bool

    init(
        shape: OperationShape, steps: [StepProgram], captureCount: Int,
        pages: (condition: ConditionProgram, next: [EncodeStep])?, longestKey: Int?, prefix: [UInt8],
        mentioned: Set<Input>, pathInputs: [Input]
    ) {
        self.shape = shape
        self.steps = steps
        self.captureCount = captureCount
        self.pages = pages.map { ($0.condition, EncodeProgram($0.next)) }
        self.longestKey = longestKey
        self.prefix = prefix
        self.mentioned = mentioned
        self.pathInputs = pathInputs
        isRepeatable = steps.count == 1
        tellsNull = steps.allSatisfy { $0.encode.steps.allSatisfy(\.tellsNull) }
        writesExpiry = mentioned.contains(.expiry)
        takesSeveral = shape.items.map { mentioned.contains($0.input) } ?? false
    }
}

/// A condition, compiled.
struct ConditionProgram: Sendable {
    enum Operand: Sendable {
        /// A field of the message, or what was kept of it.
        case field(slot: Int, capture: Int?)
        case source(ValueSource)
    }

    enum Term: Sendable {
        case holds(Operand, isNegated: Bool)
        case compare(Operand, Condition.Comparison, Operand)
    }

    var terms: [Term]

    func holds(_ message: Message, _ frame: Span<UInt8>, _ inputs: borrowing Inputs) -> Bool {
        for term in terms {
            switch term {
            case .holds(let operand, let isNegated):
                if Self.isTrue(value(operand, message, frame, inputs)) == isNegated { return false }
            case .compare(let left, let comparison, let right):
                // The common case, a number of the message and a constant, without a value in between.
                if case .field(let slot, _) = left, case .source(.constant(let constant)) = right,
                    case .number(let number) = message.fields[slot]
                {
                    if !Self.compare(number, comparison, constant) { return false }
                    continue
                }
                let left = value(left, message, frame, inputs)
                let right = value(right, message, frame, inputs)
                // Two texts are not equal because they mean the same number: 1 and 01 are two names.
                if case .bytes(let first) = left, case .bytes(let second) = right,
                    comparison == .equal || comparison == .unequal
                {
                    if (first == second) != (comparison == .equal) { return false }
                } else if let first = left.asNumber, let second = right.asNumber {
                    if !Self.compare(first, comparison, second) { return false }
                } else if comparison == .equal || comparison == .unequal {
                    let areEqual = left != .absent && right != .absent && left.asBytes == right.asBytes
                    if areEqual != (comparison == .equal) { return false }
                } else {
                    return false
                }
            }
        }
        return true
    }

    private func value(
        _ operand: Operand, _ message: Message, _ frame: Span<UInt8>, _ inputs: borrowing Inputs
    ) -> Value {
        switch operand {
        case .field(let slot, let capture):
            let value = message.value(slot, frame)
            if case .absent = value, let capture, capture < inputs.captures.count { return inputs.captures[capture] }
            return value
        case .source(let source): return source.value(inputs)
        }
    }

    private static func isTrue(_ value: Value) -> Bool {
        switch value {
        case .absent, .number(0), .flag(false): false
        case .bytes, .number, .flag, .decimal: true
        }
    }

    private static func compare(_ left: Int64, _ comparison: Condition.Comparison, _ right: Int64) -> Bool {
        switch comparison {
        case .equal: left == right
        case .unequal: left != right
        case .atMost: left <= right
        case .atLeast: left >= right
        case .below: left < right
        case .above: left > right
        }
    }
}
