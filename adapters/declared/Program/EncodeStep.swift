// The instructions that write a request.

/// One instruction; slots stand for names, so that nothing is looked up when a request is written.
enum EncodeStep: Sendable {
    case literal([UInt8])
    /// Bytes of the program's one list of literals, so that no reference is counted for them.
    case stored(start: Int, count: Int)
    /// The bytes of an input, as they are.
    case bytes(Int)
    /// How many bytes an input has, in decimal.
    case byteCount(Int)
    /// A number in decimal.
    case number(Int)
    /// A number of the request in binary.
    case binary(Int, width: Int, isBig: Bool)
    /// Any value as a number in binary.
    indirect case integer(ValueSource, width: Int, isBig: Bool)
    /// A value through filters; the last one decides how it is written.
    indirect case value(ValueSource, [Filter], ValueStyle)
    /// The same for each item of the request's list, which stands in its place meanwhile, and this between them.
    indirect case each(EachItems, between: [UInt8], [EncodeStep])
    /// Remembers how much is written.
    case mark(Int)
    /// Puts the count of bytes between two marks where zeros were written: so many bytes after a mark.
    indirect case patch(LengthPatch)
    /// The same in decimal, over ten zeros that stand there.
    case patchDecimal(from: Int, to: Int, at: Int)
}

extension EncodeStep {
    /// Whether it writes NULL, where it writes a parameter, as something else than an empty text.
    var tellsNull: Bool {
        switch self {
        case .each(_, _, let inner): inner.allSatisfy(\.tellsNull)
        case .value(.parameter, _, let style): style == .jsonValue
        default: true
        }
    }
}

/// Where a binary length goes and what it counts.
struct LengthPatch: Sendable {
    /// The mark before the header, and how far behind it the length stands.
    var header: Int
    var offset: Int
    var width: Int
    var isBig: Bool
    var from: Int
    var to: Int
    /// What is counted besides.
    var extra: Int
}

/// How a filtered value is written.
enum ValueStyle: Sendable {
    case plain
    /// Inside of a JSON text.
    case jsonText
    /// A JSON value of the kind that it is.
    case jsonValue
    case msgpackText, msgpackBinary, msgpackNumber
    /// In the target of an HTTP request.
    case percent
}

/// Where a value comes from.
enum ValueSource: Sendable, Equatable {
    /// An input that is bytes.
    case input(Int)
    /// An input that is a number.
    case number(Int)
    /// A field of an earlier answer of the same operation.
    case capture(Int)
    case constant(Int64)
    case text([UInt8])
    /// The parameter of a statement whose turn it is.
    case parameter

    func value(_ inputs: borrowing Inputs) -> Value {
        switch self {
        case .input(let slot): .bytes(inputs.bytes(slot))
        case .number(let slot): .number(inputs.number(slot))
        case .capture(let index): index < inputs.captures.count ? inputs.captures[index] : .absent
        case .constant(let number): .number(number)
        case .text(let bytes): .bytes(bytes)
        case .parameter: inputs.parameter
        }
    }
}

/// A value on its way.
enum Value: Sendable, Equatable {
    case absent
    case bytes([UInt8])
    case number(Int64)
    case flag(Bool)
    /// A number that is no whole one, as text.
    case decimal([UInt8])

    /// As bytes: a number in decimal.
    var asBytes: [UInt8] {
        switch self {
        case .absent: []
        case .bytes(let bytes), .decimal(let bytes): bytes
        case .number(let number): Decimal.text(number)
        case .flag(let flag): Array((flag ? "true" : "false").utf8)
        }
    }

    var asNumber: Int64? {
        switch self {
        case .number(let number): number
        case .bytes(let bytes): Decimal.parse(bytes)
        case .flag(let flag): flag ? 1 : 0
        case .absent, .decimal: nil
        }
    }
}

/// Instructions with all their literals in one list.
struct EncodeProgram: Sendable {
    private(set) var literals: [UInt8] = []
    private(set) var steps: [EncodeStep] = []

    init(_ steps: [EncodeStep]) { self.steps = store(steps) }

    private mutating func store(_ steps: [EncodeStep]) -> [EncodeStep] {
        steps.map { step in
            switch step {
            case .literal(let bytes):
                literals += bytes
                return .stored(start: literals.count - bytes.count, count: bytes.count)
            case .each(let items, let between, let inner): return .each(items, between: between, store(inner))
            default: return step
            }
        }
    }
}

/// What few requests bring: lists, what earlier answers said, and bytes beyond the first three places.
struct MoreInputs: Sendable {
    /// The items for {each …}, and what belongs to each of them.
    var keys: [[UInt8]] = []
    var others: [[UInt8]] = []
    var captures: [Value] = []
    /// The bytes from place 3 on.
    var bytes: [[UInt8]] = []
    var parameters: [Value] = []
    var parameter = Value.absent
    var targetDatabase: Int64 = 0
}

/// Keeps a request small: what few have stands elsewhere.
private final class MoreInputsBox: Sendable {
    let more: MoreInputs

    init(_ more: MoreInputs) { self.more = more }
}

/// What a request brings.
struct Inputs: Sendable {
    var first: [UInt8] = []
    var second: [UInt8] = []
    var third: [UInt8] = []
    var numberA: Int64 = 0
    var numberB: Int64 = 0
    /// The id that the connection chose.
    var id: Int64 = 0
    /// The time of day in milliseconds.
    var now: Int64 = 0
    /// The database that the keys are in.
    var database: Int64 = 0
    private var box: MoreInputsBox?

    init(first: [UInt8] = []) { self.first = first }

    /// What few requests bring.
    var more: MoreInputs {
        get { box?.more ?? MoreInputs() }
        set { box = MoreInputsBox(newValue) }
    }
    var keys: [[UInt8]] {
        get { box?.more.keys ?? [] }
        set { more.keys = newValue }
    }
    var others: [[UInt8]] { box?.more.others ?? [] }
    var captures: [Value] {
        get { box?.more.captures ?? [] }
        set { more.captures = newValue }
    }
    var parameter: Value { box?.more.parameter ?? .absent }

    /// Puts `bytes` where templates find the input.
    subscript(input: Input) -> [UInt8] {
        get { bytes(input.place) }
        set { set(input.place, newValue) }
    }

    mutating func set(_ place: Int, _ bytes: [UInt8]) {
        switch place {
        case 0: first = bytes
        case 1: second = bytes
        case 2: third = bytes
        default:
            var more = more
            while more.bytes.count <= place - 3 { more.bytes.append([]) }
            more.bytes[place - 3] = bytes
            self.more = more
        }
    }

    @inline(__always)
    func bytes(_ slot: Int) -> [UInt8] {
        switch slot {
        case 0: first
        case 1: second
        case 2: third
        default: rare(slot)
        }
    }

    @inline(__always)
    func number(_ slot: Int) -> Int64 {
        switch slot {
        case 16: numberA
        case 17: numberB
        case 19: database
        case 20: box?.more.targetDatabase ?? 0
        default: id
        }
    }

    private func rare(_ slot: Int) -> [UInt8] {
        guard let bytes = box?.more.bytes, slot - 3 < bytes.count else { return [] }
        return bytes[slot - 3]
    }
}
