// Answers and failures out of messages.

import Capabilities

extension Answer {
    /// Nil when the message says nothing.
    init?(_ message: ProtoAnswer) {
        switch message.kind {
        case nil: return nil
        case .done: self = .done
        case .missing: self = .missing
        case .flag(let flag): self = .flag(flag)
        case .integer(let integer): self = .integer(integer)
        case .double(let double): self = .double(double)
        case .bytes(let bytes): self = .bytes(bytes.array)
        case .versioned(let versioned): self = .versioned(versioned.value.array, Version(versioned.version.array))
        case .list(let list):
            guard let answers = Self.answers(list.answers) else { return nil }
            self = .list(answers)
        case .pairs(let pairs): self = .pairs(pairs.pairs.map { Pair($0.name.array, $0.value.array) })
        case .scored(let scored):
            self = .scored(scored.members.map { ScoredMember($0.member.array, score: $0.score) })
        case .page(let page):
            guard let answers = Self.answers(page.answers) else { return nil }
            self = .page(cursor: page.cursor, answers)
        case .taken(let taken):
            guard let items = Answer(taken.items) else { return nil }
            self = .taken(key: taken.key.array, items)
        }
    }

    private static func answers(_ messages: [ProtoAnswer]) -> [Answer]? {
        var answers: [Answer] = []
        answers.reserveCapacity(messages.count)
        for message in messages {
            guard let answer = Answer(message) else { return nil }
            answers.append(answer)
        }
        return answers
    }
}

extension Failure {
    init(_ message: ProtoFailure) {
        let text = message.text
        self =
            switch message.code {
            case .backend: .backend(text)
            case .refused:
                if let capability = Capability(rawValue: message.capability) {
                    .refused(capability, reason: text)
                } else {
                    .backend(text)
                }
            case .wrongType: .wrongType
            case .notAnInteger: .notAnInteger
            case .notAFloat: .notAFloat
            case .overflow: .overflow
            case .notFinite: .notFinite
            case .noSuchKey: .noSuchKey
            case .indexOutOfRange: .indexOutOfRange
            case .tooLarge: .tooLarge(limit: Int(clamping: message.limit))
            case .invalid: .invalid(text)
            case .unavailable: .unavailable(text)
            case .indeterminate: .indeterminate(text)
            case .UNRECOGNIZED(let code): .backend(text.isEmpty ? "failure \(code)" : text)
            }
    }
}

extension ProtoReply {
    /// The answer to `operation`, or why there is none; an answer that the operation cannot have breaks the schema.
    func answer(to operation: Capabilities.Operation) throws(Failure) -> Answer {
        switch outcome {
        case .failure(let failure): throw Failure(failure)
        case .answer(let message):
            guard let answer = Answer(message), operation.expects(answer) else {
                throw .protocolBroken("the adapter process gave an answer that does not fit the operation")
            }
            return answer
        case nil: throw .protocolBroken("the adapter process answered with neither an answer nor a failure")
        }
    }
}
