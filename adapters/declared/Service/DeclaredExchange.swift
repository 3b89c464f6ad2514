// One exchange of a declared adapter: instructions on the way out, rules on the way back.

import Capabilities
import Multiplex

/// What an operation's exchange has learned.
final class DeclaredExchange: Exchange {
    let program: Program
    let step: StepProgram
    let message: Message
    @exclusivity(unchecked) var inputs: Inputs
    /// What came of it; nil while nothing final has come.
    @exclusivity(unchecked) var outcome: Outcome?
    @exclusivity(unchecked) private var hasMore = false
    /// Of several keys, where the next answer's is looked for first.
    @exclusivity(unchecked) private var nextKey = 0
    @exclusivity(unchecked) var outputs = Outputs()
    /// For streams: who takes what is pushed, and who hears of the end.
    @exclusivity(unchecked) var onPush: ((Message, Span<UInt8>) -> Void)?
    @exclusivity(unchecked) var onOutcome: ((Outcome) -> Void)?
    @exclusivity(unchecked) var onEnd: ((DeclaredExchange) -> Void)?
    /// For an operation that is this exchange and that nobody awaits: whom to tell, and how the answer is read.
    @exclusivity(unchecked) var pending: PendingOperation?
    @exclusivity(unchecked) var shape = DeclaredAnswerShape.flag

    init(
        _ program: Program, _ step: StepProgram, _ inputs: Inputs, _ message: Message, isRepeatable: Bool = false,
        timeout: ExchangeTimeout = .usual
    ) {
        self.program = program
        self.step = step
        self.inputs = inputs
        self.message = message
        super.init(isRepeatable: isRepeatable, timeout: step.isStream ? .never : timeout)
    }

    override func encode(id: UInt64, into output: inout OutputBuffer) {
        inputs.id = Int64(bitPattern: id)
        program.encoder.encode(step.encode, inputs, into: &output)
    }

    /// Whether its outcome is one that an operation's answer can be made of.
    var hasAnswer: Bool {
        switch outcome {
        case .result, .missing, .conflict, .noBucket: true
        default: false
        }
    }

    override func finished() {
        if let pending {
            self.pending = nil
            return tell(pending)
        }
        guard let onEnd else { return }
        self.onEnd = nil
        onPush = nil
        onOutcome = nil
        onEnd(self)
    }

    private func tell(_ pending: PendingOperation) {
        if let failure { return pending.end(.failure(failure.asFailure)) }
        guard hasAnswer else { return pending.end(.failure(shape.failure(program.failure(self)))) }
        do throws(Failure) {
            pending.end(.success(try shape.answer(self)))
        } catch {
            pending.end(.failure(error))
        }
    }

    override func receive(_ frame: Span<UInt8>) -> ExchangeProgress {
        let kind = message.kind
        guard kind >= 0 else { return .broken("a message that the file has no name for") }
        for index in step.echoes[kind].indices
        where !step.echoes[kind][index].holds(message, frame, inputs, &nextKey) {
            let field = program.slots[step.echoes[kind][index].slot]
            return .broken("the message \(program.messages[kind].name) with another \(field) than its request has")
        }
        for index in step.rules[kind].indices {
            if let condition = step.rules[kind][index].condition, !condition.holds(message, frame, inputs) { continue }
            if !step.captures.isEmpty { for (slot, capture) in step.captures { keep(slot, capture, frame) } }
            return apply(step.rules[kind][index], frame, closes: program.messages[kind].closes || message.isLast)
        }
        return .broken("the message \(program.messages[kind].name), which is no answer to this request")
    }

    private func keep(_ slot: Int, _ capture: Int, _ frame: Span<UInt8>) {
        let value = message.items.last { $0.slot == slot }?.value ?? message.value(slot, frame)
        guard value != .absent else { return }
        var captures = inputs.captures
        while captures.count <= capture { captures.append(.absent) }
        captures[capture] = value
        inputs.captures = captures
    }

    private func apply(_ rule: borrowing RuleProgram, _ frame: Span<UInt8>, closes: Bool) -> ExchangeProgress {
        switch rule.outcome {
        case .ignored: return .more
        case .push:
            onPush?(message, frame)
            return .more
        case .more:
            hasMore = true
            guard outputs.take(rule.outputs, message, frame, program.limits.items, isItem: true) else {
                return .broken("more than \(program.limits.items) items in one answer")
            }
            // Asked for one by one, a key has one value at most.
            if step.asksByName, outputs.names.count > inputs.keys.count {
                return .broken("more values than keys were asked for")
            }
            return .more
        default: break
        }
        if outcome == nil {
            outcome = rule.outcome == .end ? (hasMore ? .result : .missing) : rule.outcome
            guard outputs.take(rule.outputs, message, frame, program.limits.items) else {
                return .broken("more than \(program.limits.items) items in one answer")
            }
        }
        if let onOutcome, let outcome {
            self.onOutcome = nil
            onOutcome(outcome)
            // What follows on a stream is pushed.
            if outcome == .result { return .more }
        }
        if rule.goesOn, !closes { return .more }
        return closes ? .doneForGood : .done
    }
}
