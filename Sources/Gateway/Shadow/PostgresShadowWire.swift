// How a shadow's runner asks in PostgreSQL's protocol.

import PostgresWire

/// The two sides of a PostgreSQL listener's shadow.
final class PostgresShadowWire: ShadowWire {
    private let primary: PostgresShadowLinks
    private let candidate: PostgresShadowLinks
    /// To the candidate, for statements that write.
    private let writer: PostgresShadowLinks
    private let masks: Set<PostgresReplyMask>

    init(
        _ settings: ShadowConfiguration, primary: PostgresShadowLinks, candidate: PostgresShadowLinks,
        writer: PostgresShadowLinks
    ) {
        self.primary = primary
        self.candidate = candidate
        self.writer = writer
        masks = settings.rowMasks
    }

    var isOpen: Bool { primary.isOpen || candidate.isOpen || writer.isOpen }

    func close() async {
        await primary.close()
        await candidate.close()
        await writer.close()
    }

    func shape(of job: PostgresShadowJob) -> UInt64 { job.shape }

    func clientReply(_ job: PostgresShadowJob) -> PostgresComparableReply? {
        let reply = job.reply
        return PostgresComparableReply(reply.span)
    }

    func askCandidate(_ job: PostgresShadowJob) async throws(ShadowFailure) -> PostgresComparableReply {
        let bytes = try await (job.isWrite ? writer : candidate).link(job.identity).ask(job.bytes)
        guard let reply = PostgresComparableReply(bytes.span) else { throw .broken }
        let state = reply.failure?.state
        if state?.hasPrefix("08") == true { throw .down }
        if state == Self.readOnly, !job.isWrite { throw .unforeseen }
        if Self.isUnready(state) { throw .unready }
        return reply
    }

    /// The code of a statement that would write where nothing may be written.
    private static let readOnly = "25006"

    /// Whether an error says nothing of the statement: the server has no room, is going, was interrupted, or saw a race
    /// (manual, appendix A).
    static func isUnready(_ state: String?) -> Bool {
        guard let state else { return false }
        return ["08", "40", "53", "57", "58"].contains(state.prefix(2))
    }

    func askPrimary(_ job: PostgresShadowJob) async -> PostgresComparableReply? {
        guard let bytes = try? await primary.link(job.identity).ask(job.bytes),
            let reply = PostgresComparableReply(bytes.span), !Self.isUnready(reply.failure?.state),
            reply.failure?.state != Self.readOnly
        else { return nil }
        return reply
    }

    func difference(
        _ primary: PostgresComparableReply, _ candidate: PostgresComparableReply, _ job: PostgresShadowJob
    ) -> ShadowFinding? {
        difference(primary, candidate, job, masks)
    }

    /// Whoever wants to compare less still wants to know what is another each time.
    func isSteady(
        _ first: PostgresComparableReply, _ second: PostgresComparableReply, _ job: PostgresShadowJob
    ) -> Bool {
        difference(first, second, job, []) == nil
    }

    private func difference(
        _ primary: PostgresComparableReply, _ candidate: PostgresComparableReply, _ job: PostgresShadowJob,
        _ masks: Set<PostgresReplyMask>
    ) -> ShadowFinding? {
        let found = PostgresReplyComparison.difference(primary, candidate, isOrdered: job.isOrdered, masks: masks)
        return found.map {
            ShadowFinding(kind: $0.kind.rawValue, place: $0.place, primary: $0.primary, candidate: $0.candidate)
        }
    }
}
