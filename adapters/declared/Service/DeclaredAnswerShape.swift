// How what an exchange has brought becomes an operation's answer.

import Capabilities

/// The form of an answer.
enum DeclaredAnswerShape {
    /// The value, or that there is none.
    case value
    /// The value and its version, or that there is none.
    case versioned
    /// Done, or missing where a condition did not hold.
    case stored
    /// Done; missing means that there is no such key, conflict that the position is none.
    case edited
    /// One, or zero.
    case count
    case flag
    /// Whether it was done; missing means that there is no such key.
    case renamed
    /// The number that came; there has to be one.
    case number
    /// The number that came, or zero where there is no value.
    case numberOrZero
    /// The number that came, zero without a list, or -1 where what was looked for is not in it.
    case inserted
    /// The number that came, or that there is none.
    case rank
    /// The number that came or, without one, one or zero.
    case tally
    /// How long a value is, or zero.
    case length
    /// A decimal number as text.
    case decimal
    /// A score, or that there is none.
    case score
    /// Names, or values, of which there may be none.
    case names
    case values
    /// The same, or that there is none at all.
    case taken
    /// The first of them, or that there is none.
    case first
    case pairs
    case scored
    /// Done, whatever there was.
    case done
    /// A list of one score, or of one flag.
    case onlyScore
    case onlyFlag

    func answer(_ exchange: DeclaredExchange) throws(Failure) -> Answer {
        let isResult = exchange.outcome == .result
        switch self {
        case .value: return isResult ? .bytes(exchange.outputs.value ?? []) : .missing
        case .versioned:
            guard isResult else { return .missing }
            return .versioned(exchange.outputs.value ?? [], Version(exchange.outputs.version ?? []))
        case .stored: return isResult ? .done : .missing
        case .edited:
            if exchange.outcome == .missing { throw .noSuchKey }
            if exchange.outcome == .conflict { throw .indexOutOfRange }
            return .done
        case .count: return .integer(isResult ? 1 : 0)
        case .flag: return .flag(isResult)
        case .renamed:
            if exchange.outcome == .missing { throw .noSuchKey }
            return .flag(isResult)
        case .numberOrZero where !isResult: return .integer(0)
        case .inserted where !isResult: return .integer(exchange.outcome == .conflict ? -1 : 0)
        case .rank where !isResult: return .missing
        case .tally where exchange.outputs.number == nil: return .integer(isResult ? 1 : 0)
        case .number, .numberOrZero, .inserted, .rank, .tally:
            guard let number = exchange.outputs.number else {
                throw .backend("the backend's answer has no number in it")
            }
            return .integer(number)
        case .length: return .integer(isResult ? Int64(exchange.outputs.value?.count ?? 0) : 0)
        case .decimal:
            do throws(Failure) {
                return .bytes(try DecimalText.sum(exchange.outputs.value ?? [], Array("0".utf8)))
            } catch {
                throw .backend("the backend's answer has no decimal number in it")
            }
        case .score:
            guard isResult else { return .missing }
            return .double(try Self.score(exchange.outputs.more.fields[.score] ?? .absent))
        case .names: return .list(isResult ? exchange.outputs.names.map { .bytes($0) } : [])
        case .values, .taken:
            guard isResult else { return self.isTaken ? .missing : .list([]) }
            let values = try exchange.outputs.listed
            return .list(values.map { .bytes($0) })
        case .first:
            guard isResult else { return .missing }
            let values = try exchange.outputs.listed
            let item = exchange.outputs.names.first ?? values.first
            return item.map { .bytes($0) } ?? .missing
        case .pairs: return .pairs(isResult ? try exchange.outputs.pairs : [])
        case .done: return .done
        case .onlyScore: return .list([try Self.score.answer(exchange)])
        case .onlyFlag: return .list([.flag(isResult)])
        case .scored: return .scored(isResult ? try exchange.outputs.scored : [])
        }
    }

    /// The failure of an operation of this form: what is no number to it depends on what it adds.
    func failure(_ failure: Failure) -> Failure {
        guard case .decimal = self, failure == .notAnInteger else { return failure }
        return .notAFloat
    }

    private var isTaken: Bool { if case .taken = self { true } else { false } }

    static func score(_ value: Value) throws(Failure) -> Double {
        guard let score = Scores.number(value) else {
            throw .backend("the backend's answer has a score in it that is no number")
        }
        return score
    }
}

extension Outputs {
    private static let uneven = Failure.backend("the backend's answer has lists of different lengths in it")

    /// Values of a list without names: what the list has, or the one value.
    var listed: [[UInt8]] {
        get throws(Failure) {
            guard let list = more.lists[.values] else { return value.map { [$0] } ?? [] }
            guard !list.contains(.absent) else { throw Self.uneven }
            return list.map(\.asBytes)
        }
    }

    /// Names with their values.
    var pairs: [Pair] {
        get throws(Failure) {
            guard let values = list(.values), !values.contains(.absent) else { throw Self.uneven }
            return zip(names, values).map { Pair($0, $1.asBytes) }
        }
    }

    /// Names with their scores.
    var scored: [ScoredMember] {
        get throws(Failure) {
            if let score = more.fields[.score], names.count == 1, more.lists[.scores] == nil {
                return [ScoredMember(names[0], score: try DeclaredAnswerShape.score(score))]
            }
            guard let scores = list(.scores) else { throw Self.uneven }
            var members: [ScoredMember] = []
            members.reserveCapacity(names.count)
            for (name, score) in zip(names, scores) {
                members.append(ScoredMember(name, score: try DeclaredAnswerShape.score(score)))
            }
            return members
        }
    }
}
