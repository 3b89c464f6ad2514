// What becomes of each statement of a PostgreSQL client: whether it goes to the candidate, and what it leaves behind.

import PostgresWire

extension PostgresShadowTap {
    /// Decides what becomes of a statement.
    func settle(_ statement: PostgresShadowStatement, isAlone: Bool, question: [UInt8]?, values: Int) {
        let reading = statement.reading
        switch reading.kind {
        case .read: if admit(statement, isAlone: isAlone, question, values) { return }
        case .setting where isAlone && !session.isOwn && waiting == nil:
            counts.drop(.stateful)
            waiting = .setting(statement.text)
            return
        case .setting:
            counts.drop(.stateful)
            session.isOwn = true
        case .reset:
            counts.drop(.stateful)
            if isAlone { session.reset() }
        case .incomparable: counts.drop(.incomparable)
        case .write: if admit(writing: statement, isAlone: isAlone, question, values) { return }
        case .session, .unclear: counts.drop(.stateful)
        }
        apply(reading.kind, isForSession: reading.isForSession)
        if isAlone { stopKeeping() }
    }

    private func admit(
        _ statement: PostgresShadowStatement, isAlone: Bool, _ question: [UInt8]?, _ values: Int
    ) -> Bool {
        guard isAlone, waiting == nil, !session.isOwn, let question, question.count <= Shadow.commandLimit else {
            counts.drop(.stateful)
            return false
        }
        guard shadow.isSampled(shadow.hash(question.span, Array(session.identity.database.utf8))) else {
            counts.drop(.notSampled)
            return false
        }
        return admit(
            PostgresShadowJob(
                statement.command, statement.reading, question, shape: statement.shape,
                size: (statement.text.count, values), identity: session.identity))
    }

    private func admit(
        writing statement: PostgresShadowStatement, isAlone: Bool, _ question: [UInt8]?, _ values: Int
    ) -> Bool {
        guard let question, let table = statement.table, case .copy = shadow.settings.scratch,
            shadow.isOpted(table.span), isAlone, waiting == nil, !session.isOwn,
            question.count <= Shadow.commandLimit
        else {
            counts.drop(reason(againstWriting: statement))
            return false
        }
        return admit(
            PostgresShadowJob(
                statement.command, statement.reading, question, shape: statement.shape,
                size: (statement.text.count, values), identity: session.identity, writes: [anyTable]))
    }

    private func reason(againstWriting statement: PostgresShadowStatement) -> ShadowDrop {
        guard case .copy = shadow.settings.scratch else { return .notOpted }
        guard let table = statement.table else { return .incomparable }
        return shadow.isOpted(table.span) ? .stateful : .notOpted
    }

    /// What stands for all tables of the client's database: a trigger or a foreign key may lead from one to any other.
    private var anyTable: UInt64 {
        let name = Array(session.identity.database.utf8)
        return shadow.hash(name.span, [])
    }

    private func admit(_ job: PostgresShadowJob) -> Bool {
        switch shadow.admit(job) {
        case .admitted:
            counts.sent &+= 1
            waiting = .job(job)
            return true
        case .full: counts.drop(.queueFull)
        case .stale: counts.drop(.stale)
        }
        return false
    }

    /// What a statement leaves behind.
    func apply(_ kind: PostgresReading.Kind, isForSession: Bool) {
        if kind == .write || kind == .unclear { shadow.markAllStale() }
        if kind == .unclear || isForSession { session.isOwn = true }
    }
}
