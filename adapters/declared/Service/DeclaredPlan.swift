// An operation of a declared adapter before its exchange: what is sent, and how the answer is read.

import Capabilities

/// One operation of the file with its inputs.
struct DeclaredPlan {
    let operation: OperationProgram
    var inputs: Inputs
    let shape: DeclaredAnswerShape

    init(_ operation: OperationProgram, _ inputs: Inputs, _ shape: DeclaredAnswerShape) {
        self.operation = operation
        self.inputs = inputs
        self.shape = shape
    }
}

/// How what an exchange has brought becomes an operation's answer.
enum DeclaredAnswerShape {
    /// The value, or that there is none.
    case value
    /// The value and its version, or that there is none.
    case versioned
    /// Done, or missing where a condition did not hold.
    case stored
    /// One, or zero.
    case count
    case flag
    /// The number that came; there has to be one.
    case number
    /// The number that came, or zero where there is no value.
    case numberOrZero

    func answer(_ exchange: DeclaredExchange) throws(Failure) -> Answer {
        let isResult = exchange.outcome == .result
        switch self {
        case .value: return isResult ? .bytes(exchange.outputs.value ?? []) : .missing
        case .versioned:
            guard isResult else { return .missing }
            return .versioned(exchange.outputs.value ?? [], Version(exchange.outputs.version ?? []))
        case .stored: return isResult ? .done : .missing
        case .count: return .integer(isResult ? 1 : 0)
        case .flag: return .flag(isResult)
        case .numberOrZero where !isResult: return .integer(0)
        case .number, .numberOrZero:
            guard let number = exchange.outputs.number else {
                throw .backend("the backend's answer has no number in it")
            }
            return .integer(number)
        }
    }
}
