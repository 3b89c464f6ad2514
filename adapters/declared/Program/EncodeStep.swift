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
    /// The same for each of the keys, which stand in the first slot meanwhile.
    indirect case each([EncodeStep])
    /// Remembers how much is written.
    case mark(Int)
    /// Puts the count of bytes between two marks where zeros were written: so many bytes after a mark.
    indirect case patch(LengthPatch)
    /// The same in decimal, over ten zeros that stand there.
    case patchDecimal(from: Int, to: Int, at: Int)
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

    func value(_ inputs: borrowing Inputs) -> Value {
        switch self {
        case .input(let slot): .bytes(inputs.bytes(slot))
        case .number(let slot): .number(inputs.number(slot))
        case .capture(let index): index < inputs.captures.count ? inputs.captures[index] : .absent
        case .constant(let number): .number(number)
        case .text(let bytes): .bytes(bytes)
        }
    }
}

/// A value on its way.
enum Value: Sendable, Equatable {
    case absent
    case bytes([UInt8])
    case number(Int64)
    case flag(Bool)

    /// As bytes: a number in decimal.
    var asBytes: [UInt8] {
        switch self {
        case .absent: []
        case .bytes(let bytes): bytes
        case .number(let number): Decimal.text(number)
        case .flag(let flag): Array((flag ? "true" : "false").utf8)
        }
    }

    var asNumber: Int64? {
        switch self {
        case .number(let number): number
        case .bytes(let bytes): Decimal.parse(bytes)
        case .flag(let flag): flag ? 1 : 0
        case .absent: nil
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
            case .each(let inner): return .each(store(inner))
            default: return step
            }
        }
    }
}

/// What few requests bring: several keys, and what earlier answers said.
final class MoreInputs: Sendable {
    let keys: [[UInt8]]
    let captures: [Value]
    /// The last name of a page.
    let last: [UInt8]

    init(keys: [[UInt8]] = [], captures: [Value] = [], last: [UInt8] = []) {
        self.keys = keys
        self.captures = captures
        self.last = last
    }
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
    private var more: MoreInputs?

    init(first: [UInt8] = []) { self.first = first }

    var keys: [[UInt8]] {
        get { more?.keys ?? [] }
        set { more = MoreInputs(keys: newValue, captures: captures, last: fourth) }
    }
    var captures: [Value] {
        get { more?.captures ?? [] }
        set { more = MoreInputs(keys: keys, captures: newValue, last: fourth) }
    }
    var fourth: [UInt8] {
        get { more?.last ?? [] }
        set { more = MoreInputs(keys: keys, captures: captures, last: newValue) }
    }

    @inline(__always)
    func bytes(_ slot: Int) -> [UInt8] {
        switch slot {
        case 0: first
        case 1: second
        case 2: third
        default: fourth
        }
    }

    @inline(__always)
    func number(_ slot: Int) -> Int64 {
        switch slot {
        case 16: numberA
        case 17: numberB
        default: id
        }
    }
}
