// How a shadow's runner asks in PostgreSQL's protocol.

import PostgresWire

/// The two sides of a PostgreSQL listener's shadow.
final class PostgresShadowWire: ShadowWire {
    typealias Reply = [PostgresComparableReply?]

    private let primary: PostgresShadowLinks
    private let candidate: PostgresShadowLinks
    /// To the candidate, for what writes.
    private let writer: PostgresShadowLinks
    private let masks: Set<PostgresReplyMask>
    private let copier: PostgresShadowCopier

    init(
        _ shadow: Shadow, primary: PostgresShadowLinks, candidate: PostgresShadowLinks, writer: PostgresShadowLinks
    ) {
        self.primary = primary
        self.candidate = candidate
        self.writer = writer
        masks = shadow.settings.rowMasks
        copier = PostgresShadowCopier(shadow, from: primary, to: writer)
    }

    var isOpen: Bool { primary.isOpen || candidate.isOpen || writer.isOpen }

    func close() async {
        await primary.close()
        await candidate.close()
        await writer.close()
    }

    func tend(_ clock: () -> UInt64) async -> UInt64 { await copier.tend(clock) }

    func shape(of job: PostgresShadowJob, at index: Int) -> UInt64 { job.parts[index].shape }

    func clientReply(_ job: PostgresShadowJob) -> Reply? { Self.replies(job.steps.map(\.reply), job) }

    private static func replies(_ answers: [[UInt8]], _ job: PostgresShadowJob) -> Reply? {
        var replies: Reply = []
        for (step, answer) in zip(job.steps, answers) {
            guard let all = PostgresComparableReply.all(answer.span, count: step.parts.count) else { return nil }
            replies += all
        }
        return replies
    }

    func askCandidate(_ job: PostgresShadowJob) async throws(ShadowFailure) -> Reply {
        let link = await (job.needsWriter ? writer : candidate).link(job.identity)
        let answers = try await link.ask(job.steps.map(\.question))
        // The connection has the settings of the time after it now.
        if !job.settings.isEmpty { await link.close() }
        guard let replies = Self.replies(answers, job) else { throw .broken }
        for case let state? in replies.map({ $0?.failure?.state }) {
            if state.hasPrefix("08") { throw .down }
            if state == Self.readOnly, !job.needsWriter { throw .unforeseen }
            if Self.isUnready(state) { throw .unready }
        }
        return replies
    }

    /// The code of a statement that would write where nothing may be written.
    private static let readOnly = "25006"

    /// Whether an error says nothing of the statement: the server has no room, is going, was interrupted, or saw a race
    /// (manual, appendix A).
    static func isUnready(_ state: String?) -> Bool {
        guard let state else { return false }
        return ["08", "40", "53", "57", "58"].contains(state.prefix(2)) || state == "55P03"
    }

    func askPrimary(_ job: PostgresShadowJob) async -> Reply? {
        await primaryReplies(job.steps.map(\.question), job.identity).flatMap { Self.replies($0, job) }
    }

    private func primaryReplies(_ questions: [[UInt8]], _ identity: PostgresShadowIdentity) async -> [[UInt8]]? {
        let link = await primary.link(identity)
        guard let answers = try? await link.ask(questions) else { return nil }
        for answer in answers {
            let state = PostgresComparableReply(answer.span)?.failure?.state
            if Self.isUnready(state) || state == Self.readOnly { return nil }
        }
        return answers
    }

    /// Whether a statement that reads, within what writes, may be answered in another way each time: it is asked twice, alone,
    /// or with the cursor that it takes rows from.
    func isUnsteady(_ job: PostgresShadowJob, at index: Int) async -> Bool {
        let part = job.parts[index]
        guard part.statement.reading.kind == .read || part.cursor != nil else { return false }
        var questions = [part.alone]
        var place = 0
        if let cursor = part.cursor {
            let words = ["begin", "rollback"].map { PostgresQuestion.query(Array($0.utf8)) }
            questions = [words[0], PostgresQuestion.query(cursor.declaration)] + questions + [words[1]]
            place = 2
        }
        guard let answers = await primaryReplies(questions + questions, job.identity) else { return true }
        let (first, second) = (answers[place], answers[place + questions.count])
        guard let one = PostgresComparableReply(first.span), let other = PostgresComparableReply(second.span) else {
            return true
        }
        return PostgresReplyComparison.difference(one, other, part.order, masks: []) != nil
    }

    func differences(_ primary: Reply, _ candidate: Reply, _ job: PostgresShadowJob) -> [ShadowFinding] {
        differences(primary, candidate, job, masks)
    }

    /// Whoever wants to compare less still wants to know what is another each time.
    func unsteady(_ first: Reply, _ second: Reply, _ job: PostgresShadowJob) -> [Int] {
        differences(first, second, job, []).map(\.index)
    }

    private func differences(
        _ primary: Reply, _ candidate: Reply, _ job: PostgresShadowJob, _ masks: Set<PostgresReplyMask>
    ) -> [ShadowFinding] {
        var findings: [ShadowFinding] = []
        for index in job.parts.indices {
            let (left, right) = (primary[index], candidate[index])
            guard let left, let right else {
                // One that was not carried out follows one that failed, which differs where only one side did.
                continue
            }
            guard let found = PostgresReplyComparison.difference(left, right, job.parts[index].order, masks: masks)
            else { continue }
            findings.append(
                ShadowFinding(
                    kind: found.kind.rawValue, place: found.place, primary: found.primary, candidate: found.candidate,
                    index: index))
        }
        return findings
    }
}
