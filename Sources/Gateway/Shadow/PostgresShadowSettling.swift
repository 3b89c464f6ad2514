// What becomes of each step of a PostgreSQL client: whether it goes to the candidate, and what it leaves behind.

import PostgresWire

extension PostgresShadowTap {
    /// What is to become of a step.
    private enum Fate {
        /// It is repeated, and compared.
        case kept
        /// It is not, and that makes no difference to what comes after it.
        case skipped(ShadowDrop)
        /// It is not, and so nothing of its transaction is.
        case lost(ShadowDrop)
    }

    /// Decides what becomes of a step, which the client has sent.
    func settle(_ step: PostgresShadowStep, isAlone: Bool) {
        guard isAlone, waiting == nil else { return lose(step, .stateful) }
        if unit == nil {
            guard exchange.transactionStatus == .idle else { return lose(step, trails.last?.reason ?? .stateful) }
            if setting(step) { return }
        }
        if step.readsParts, !session.isOwn { return skip(step, .portal) }
        guard step.isRepeatable, !session.isOwn else { return lose(step, reason(againstOwn: step)) }
        switch fate(of: step) {
        case .kept: keep(step)
        case .skipped(let reason):
            for case .declare(let name, _, _)? in step.parts.map(\.statement.reading.cursor) {
                unit?.leaveOut(cursor: name)
            }
            skip(step, reason)
        case .lost(let reason): lose(step, reason)
        }
    }

    /// Leaves out what makes no difference to what comes after it.
    private func skip(_ step: PostgresShadowStep, _ reason: ShadowDrop) {
        counts.drop(reason, step.executions)
        guard unit != nil else { return stopKeeping() }
        waiting = .skipped(mayFail: exchange.transactionStatus == .inTransaction)
    }

    /// Why a step of a session that has something of its own is not compared: a write first of all where none goes there.
    private func reason(againstOwn step: PostgresShadowStep) -> ShadowDrop {
        shadow.settings.scratch == nil && step.parts.contains { $0.statement.reading.kind == .write }
            ? .notOpted : step.takesParts ? .portal : .stateful
    }

    /// Minds a statement about the settings of the session alone.
    private func setting(_ step: PostgresShadowStep) -> Bool {
        guard step.executions == 1, let statement = step.parts.first?.statement else { return false }
        switch statement.reading.kind {
        case .setting where !session.isOwn:
            counts.drop(.stateful)
            waiting = .setting(statement.text)
        case .reset:
            counts.drop(.stateful)
            session.reset()
            stopKeeping()
        default: return false
        }
        return true
    }

    // MARK: - Fates

    private func fate(of step: PostgresShadowStep) -> Fate {
        var isTransaction = unit?.isTransaction ?? false
        var fates: [Fate] = []
        for part in step.parts {
            if part.statement.reading.control == .begin { isTransaction = true }
            fates.append(fate(of: part.statement, isTransaction: isTransaction))
        }
        guard let first = fates.first else { return .skipped(.stateful) }
        if fates.count == 1 { return first }
        // Several in one segment are one transaction, of which either all are repeated or none.
        for case .lost(let reason) in fates { return .lost(reason) }
        for case .skipped(let reason) in fates { return .lost(reason) }
        return .kept
    }

    private func fate(of statement: PostgresShadowStatement, isTransaction: Bool) -> Fate {
        let reading = statement.reading
        if hasSchema, session.isElsewhere || statement.isElsewhere {
            return [.write, .setting, .unclear].contains(reading.kind) ? .lost(.database) : .skipped(.database)
        }
        switch reading.kind {
        case .read: return .kept
        case .incomparable: return .skipped(.incomparable)
        case .write: return fate(ofWriting: statement)
        case .session:
            if let cursor = reading.cursor { return isTransaction ? fate(of: cursor) : .skipped(.stateful) }
            if reading.locksRows, isTransaction, hasScratch { return .kept }
            return reading.control != nil && isTransaction ? .kept : .skipped(.stateful)
        case .setting: return isTransaction ? .kept : .lost(.stateful)
        case .reset, .unclear: return .lost(.stateful)
        }
    }

    /// Cursors are repeated from their declaration on.
    private func fate(of cursor: PostgresCursorStatement) -> Fate {
        switch cursor {
        case .declare(_, let lasts, let isRead): lasts ? .skipped(.stateful) : isRead ? .kept : .skipped(.incomparable)
        case .fetch(let name, _), .close(let name?): unit?.cursors[name] == nil ? .skipped(.stateful) : .kept
        case .close(nil): .kept
        }
    }

    private var hasScratch: Bool { shadow.settings.hasCopy }
    private var hasSchema: Bool { if case .schema = shadow.settings.scratch { true } else { false } }

    private func fate(ofWriting statement: PostgresShadowStatement) -> Fate {
        guard hasScratch else { return .lost(.notOpted) }
        if let definition = statement.definition {
            guard shadow.settings.repeatsDefinitions else { return .lost(.incomparable) }
            return shadow.isOpted(Array(definition.subject.utf8).span) ? .kept : .lost(.notOpted)
        }
        guard let writing = statement.writing else { return .lost(.incomparable) }
        if writing.isUnordered, !shadow.isOrderFree(writing.table, in: session.identity.database) {
            return .lost(.incomparable)
        }
        return shadow.isOpted(Array(writing.table.utf8).span) ? .kept : .lost(.notOpted)
    }

    // MARK: - What goes there

    private func keep(_ step: PostgresShadowStep) {
        if unit == nil {
            guard isInShare(step) else { return drop(step, .notSampled) }
            unit = open(isSent: true)
        }
        guard let unit else { return lose(step, .queueFull) }
        guard unit.hasRoom(for: step) else { return lose(step, .tooLarge) }
        guard unit.isSent, shadow.charge(unit, step.size) else { return lose(step, .queueFull) }
        unit.append(step)
        for statement in step.parts.map(\.statement) {
            if let definition = statement.definition {
                shadow.extend(unit, definition, statement.reach)
            } else if statement.reading.kind == .write || statement.reading.readsData {
                shadow.extend(
                    unit, statement.reach, writes: statement.reading.kind == .write,
                    reads: statement.writing?.readsTables ?? false)
            }
        }
        if !unit.isTransaction, !unit.isWrite, shadow.isLost(unit) {
            spoil(unit, .stale)
            return stopKeeping()
        }
        waiting = .step
    }

    /// Whether a step outside of transactions is in the share; what writes always is.
    private func isInShare(_ step: PostgresShadowStep) -> Bool {
        let readings = step.parts.map(\.statement.reading)
        guard readings.allSatisfy({ $0.kind == .read }) else { return true }
        return shadow.isSampled(shadow.hash(step.question.span, Array(session.identity.database.utf8)))
    }

    private func drop(_ step: PostgresShadowStep, _ reason: ShadowDrop) {
        counts.drop(reason, step.executions)
        stopKeeping()
    }

    /// A unit that begins now; nil where nothing can be followed any more.
    private func open(isSent: Bool) -> PostgresShadowJob? {
        let unit = PostgresShadowJob(session.identity, isSent: isSent)
        if shadow.open(unit) { return unit }
        goBlind()
        return nil
    }

    // MARK: - What does not

    /// A step is not repeated: its transaction neither, and what it writes is the primary's alone.
    func lose(_ step: PostgresShadowStep, _ reason: ShadowDrop) {
        counts.drop(reason, step.executions)
        if let unit, unit.isTransaction || waiting == nil { spoil(unit, reason) }
        for part in step.parts {
            let reading = part.statement.reading
            switch reading.kind {
            case .write: lose(part.statement.reach, reading.changesTables, reason)
            case .unclear: lose(.everything, true, reason)
            default: break
            }
            if [.unclear, .setting, .reset].contains(reading.kind) || reading.isForSession { session.isOwn = true }
        }
        if step.parts.count < step.executions { loseEverything() }
        stopKeeping()
    }

    /// Nobody knows what the client does.
    func loseEverything() {
        if let unit { spoil(unit, .stateful) }
        lose(.everything, true, .stateful)
        session.isOwn = true
    }

    private func lose(_ reach: PostgresReach, _ changesTables: Bool, _ reason: ShadowDrop) {
        guard let trail = trails.last ?? open(isSent: false) else { return }
        if trails.isEmpty { trails = [trail] }
        if trail.reason == nil { trail.reason = reason }
        trail.isOwn = session.isOwn
        shadow.extend(trail, reach, writes: true)
        if changesTables { trail.changesTables = true }
    }

    /// Nothing of the open unit goes to the candidate; it is followed to its end for what it writes.
    func spoil(_ unit: PostgresShadowJob, _ reason: ShadowDrop) {
        counts.drop(reason, unit.count)
        if !unit.settings.isEmpty { session.isOwn = true }
        unit.reason = reason
        unit.forget()
        shadow.spoil(unit)
        trails.append(unit)
        self.unit = nil
        if case .step = waiting { waiting = nil }
    }

    // MARK: - The end

    /// The primary has answered the last step of the open unit.
    func close(_ unit: PostgresShadowJob) {
        if let reason = reason(against: unit) { return spoil(unit, reason) }
        self.unit = nil
        if let reason = shadow.finish(unit) {
            counts.drop(reason, unit.count)
        } else {
            counts.sent &+= UInt64(unit.count)
        }
        guard !unit.settings.isEmpty, unit.lastTag == Array("COMMIT".utf8) else { return }
        // What it went back behind may have been the settings.
        if unit.parts.contains(where: { $0.statement.command == .rollback }) { session.isOwn = true }
        for text in unit.settings { session.add(text) }
    }

    /// Nothing is under way any more.
    func closeTrails() {
        for trail in trails { _ = shadow.finish(trail) }
        trails = []
    }

    /// Why a transaction that ends now is not compared.
    private func reason(against unit: PostgresShadowJob) -> ShadowDrop? {
        guard unit.isTransaction, !unit.isWrite else { return nil }
        if !unit.needsWriter, unit.allowsWrites { return .stateful }
        let first = unit.parts.first { $0.statement.reading.kind == .read || $0.statement.reading.cursor != nil }
        if let first, !shadow.isSampled(shadow.hash(first.question.span, unit.database)) { return .notSampled }
        return shadow.isLost(unit) ? .stale : nil
    }
}
