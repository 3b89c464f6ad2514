// MULTI, EXEC, DISCARD, WATCH and UNWATCH.

import Capabilities
import RedisWire

/// A client's transaction, if one is open, and the keys that it watches.
struct RedisTransactionState {
    var isOpen = false
    /// Whether a command was refused while it was to be queued.
    var isBroken = false
    var commands: [(line: RedisCommandLine, entry: RedisCommandEntry)] = []
    /// Bytes of the queued commands.
    var byteCount = 0
    var watched: [WatchedKey] = []

    /// Keys that one client may watch.
    static let watchedAtMost = 1 << 20

    mutating func close() {
        self = RedisTransactionState()
    }
}

extension RedisTranslator {
    private static let needs = CapabilitySet(.keyValueTransaction)

    func multi() {
        guard !transaction.isOpen else { return error(.nestedMulti, .multi) }
        do throws(Failure) {
            try gate.check(Self.needs)
            transaction.isOpen = true
            out.status("OK")
        } catch {
            self.error(gate.redisError(error, .multi), .multi)
        }
    }

    /// Keeps a command for EXEC; one that the backend cannot do at all breaks the transaction now.
    func queue(_ line: RedisCommandLine, _ entry: RedisCommandEntry) {
        do throws(RedisErrorText) {
            try checkQueued(line, entry)
        } catch {
            transaction.isBroken = true
            return self.error(error, line.command)
        }
        transaction.byteCount += line.byteCount + line.count * 32
        guard RedisLimits.queryBuffer.allows(transaction.byteCount) else {
            end = .protocolBroken(.queryBuffer)
            return
        }
        transaction.commands.append((line, entry))
        out.status("QUEUED")
    }

    private func checkQueued(_ line: RedisCommandLine, _ entry: RedisCommandEntry) throws(RedisErrorText) {
        guard case .translate(let translate) = entry.action else { return }
        // What is wrong with the arguments is told by EXEC.
        guard let translation = try? translate(line, context) else { return }
        switch translation {
        case .perform(let operation, _), .refuse(_, let operation, _):
            _ = try step(for: operation, line.command)
        case .unsupported(let name): throw gate.redisRefusal(of: name)
        case .idiom: throw gate.redisRefusal(of: "\(entry.name) in a transaction")
        case .reply: break
        }
    }

    func discard() {
        guard transaction.isOpen else { return error(.discardWithoutMulti, .discard) }
        transaction.close()
        out.status("OK")
    }

    func watch(_ keys: [[UInt8]]) async {
        guard !transaction.isOpen else { return error(.watchInsideMulti, RedisCommand("watch")) }
        let call = CallContext(database: client.database, now: context.now)
        do throws(Failure) {
            try gate.check(Self.needs)
            guard transaction.watched.count + keys.count <= RedisTransactionState.watchedAtMost else {
                throw .invalid("a client may watch \(RedisTransactionState.watchedAtMost) keys")
            }
            guard let transactions = gate.service.transactions else { throw Self.noTransactions }
            let marks = try await transactions.marks(of: keys, call)
            for (key, mark) in zip(keys, marks) {
                transaction.watched.append(WatchedKey(key, database: call.database, mark: mark))
            }
            out.status("OK")
        } catch {
            self.error(gate.redisError(error, RedisCommand("watch")), RedisCommand("watch"))
        }
    }

    func unwatch() {
        transaction.watched = []
        out.status("OK")
    }

    private static let noTransactions = Failure.refused(
        .keyValueTransaction, reason: "this adapter has no transactions")
}

// MARK: - EXEC

/// What EXEC does for one queued command.
private enum RedisExecStep {
    /// The answer of the operation at this place.
    case operation(Int, OperationRest, RedisTranslation, RedisCommand)
    case session(RedisSessionCommand, RedisCommandLine)
    /// An operation on the bus, whose answer depends on the subscriptions that the transaction begins or ends.
    case bus(Operation, RedisReplyShape, RedisCommand)
    case error(RedisErrorText, RedisCommand)
    case reply(RedisFixedReply)
}

extension RedisTranslator {
    func exec() async {
        guard transaction.isOpen else { return error(.execWithoutMulti, .exec) }
        let open = transaction
        transaction.close()
        guard !open.isBroken else { return error(.execAborted, .exec) }
        let start = out.bytes.count
        let (plan, steps) = plan(open.commands)
        var results: [Result<Answer, Failure>] = []
        if !steps.isEmpty || !open.watched.isEmpty {
            do throws(Failure) {
                guard let transactions = gate.service.transactions else { throw Self.noTransactions }
                let call = CallContext(database: client.database, now: context.now)
                guard let done = try await transactions.perform(steps, ifUnchanged: open.watched, call) else {
                    return out.nullArray()
                }
                results = done
            } catch {
                return self.error(gate.redisError(error, .exec), .exec)
            }
        }
        out.array(plan.count)
        for step in plan { await write(step, results) }
        mustCommit(from: start)
    }

    /// Translates the queued commands as of now, for times count from EXEC.
    private func plan(
        _ commands: [(line: RedisCommandLine, entry: RedisCommandEntry)]
    ) -> ([RedisExecStep], [TransactionStep]) {
        var plan: [RedisExecStep] = []
        var steps: [TransactionStep] = []
        var context = context
        context.mayWait = false
        context.database = client.database
        let subscribes = commands.contains { $0.entry.changesSubscriptions }
        for (line, entry) in commands {
            switch entry.action {
            case .session(let action):
                if action == .select, let number = RedisInteger.parse(line.arguments[0]), number >= 0,
                    number < Int64(context.databases)
                {
                    context.database = Int(number)
                }
                plan.append(.session(action, line))
            case .translate(let translate):
                do throws(RedisErrorText) {
                    let translation = try translate(line, context)
                    switch translation {
                    case .perform(let operation, let shape) where subscribes && operation.isOnBus:
                        plan.append(.bus(operation, shape, line.command))
                    case .perform(let operation, _), .refuse(_, let operation, _):
                        let rest = try step(for: operation, line.command)
                        plan.append(.operation(steps.count, rest, translation, line.command))
                        steps.append(TransactionStep(rest.operation, database: context.database))
                    case .reply(let fixed): plan.append(.reply(fixed))
                    case .unsupported, .idiom: plan.append(.error(gate.redisRefusal(of: entry.name), line.command))
                    }
                } catch {
                    plan.append(.error(error, line.command))
                }
            }
        }
        return (plan, steps)
    }

    private func step(for operation: Operation, _ command: RedisCommand) throws(RedisErrorText) -> OperationRest {
        do throws(Failure) {
            return try gate.transactionStep(operation, now: context.now)
        } catch {
            throw gate.redisError(error, command)
        }
    }

    private func write(_ step: RedisExecStep, _ results: [Result<Answer, Failure>]) async {
        switch step {
        case .session(let action, let line): await perform(action, line)
        case .bus(let operation, let shape, let command):
            do throws(Failure) {
                let call = CallContext(database: client.database, now: context.now)
                write(try await gate.perform(operation, call), shape, command)
            } catch {
                self.error(gate.redisError(error, command), command)
            }
        case .error(let text, let command): error(text, command)
        case .reply(let fixed): out.write(fixed)
        case .operation(let place, let rest, let translation, let command):
            gate.count(rest)
            let given = place < results.count ? results[place] : .failure(.protocolBroken("an answer is missing"))
            let result = given.map(rest.answer)
            switch (translation, result) {
            case (_, .failure(let failure)): error(gate.redisError(failure, command), command)
            case (.perform(_, let shape), .success(let answer)): write(answer, shape, command)
            case (.refuse(let text, _, let whenMissing), .success(let answer)):
                write(text, whenMissing: whenMissing, answer, command)
            default: error(gate.redisError(.protocolBroken("an answer is missing"), command), command)
            }
        }
    }
}

extension Operation {
    /// Whether it publishes or asks who listens.
    fileprivate var isOnBus: Bool {
        switch self {
        case .publish, .inspectBus: true
        default: false
        }
    }
}

extension RedisCommandEntry {
    fileprivate var changesSubscriptions: Bool {
        switch action {
        case .session(.subscribe), .session(.psubscribe), .session(.unsubscribe), .session(.punsubscribe): true
        default: false
        }
    }
}
