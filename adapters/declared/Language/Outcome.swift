// What a message means for the request it answers.

import Capabilities

/// The meaning of a message.
enum Outcome: String, Sendable, CaseIterable {
    case result, missing, conflict, retryable, fatal
    case tooLarge = "too-large"
    case wrongType = "wrong-type"
    case notANumber = "not-a-number"
    case noBucket = "no-bucket"
    case more, end, next, push, ignored

    /// Whether it is an error, which can answer every request.
    var isError: Bool {
        switch self {
        case .retryable, .fatal, .tooLarge, .wrongType, .notANumber, .noBucket: true
        default: false
        }
    }

    static func parse(_ node: DocumentNode, _ problems: ProblemList) -> Outcome? {
        if let word = node.text, let outcome = Outcome(rawValue: word) { return outcome }
        let clause = NearestWord.clause(for: node.text ?? "", among: allCases.map(\.rawValue))
        problems.add(
            node.place,
            "expected an outcome (\(allCases.map(\.rawValue).joined(separator: ", "))), got \(node.kind)\(clause)")
        return nil
    }

    var help: String {
        switch self {
        case .result: "It was done; the operation's outputs are taken from the message's fields of the same names."
        case .missing: "There is no such key, item or lock, or the condition of the request did not hold."
        case .conflict: "The key is there already, or has another version."
        case .retryable: "Nothing was done, and a later try may succeed: the client gets an error that says so."
        case .fatal: "The server's own error; the field `text`, when there is one, is shown to the client."
        case .tooLarge: "The value is larger than the server takes."
        case .wrongType: "The key holds something of another type."
        case .notANumber: "The value that is added to is no number."
        case .noBucket: "There is no such bucket."
        case .more: "Part of the answer; another message follows."
        case .end: "The last message: a result when there was a `more` before it, missing when there was none."
        case .next: "In steps: the next step is done."
        case .push: "The server says it unasked: a message for a subscription."
        case .ignored: "Nobody has to know."
        }
    }
}
