// How a shadow's runner asks in S3.

import S3Wire

/// The two sides of an S3 listener's shadow.
final class S3ShadowWire: ShadowWire {
    private let primary: S3ShadowLink
    private let candidate: S3ShadowLink
    /// How the gateway's own answers in the candidate's place begin their requests' names.
    private let candidateName: String
    private let masks: Set<S3ReplyMask>
    /// Where writes go; nil where there are none.
    private let scratch: S3ShadowScratch?

    /// `candidate` leads to `listener`, which is the shadow's own.
    init(
        _ settings: ShadowConfiguration, primary: ShadowConnection, candidate: ShadowConnection,
        _ listener: ListenerState
    ) {
        self.primary = S3ShadowLink(primary)
        self.candidate = S3ShadowLink(candidate)
        candidateName = listener.name
        masks = settings.objectMasks
        scratch = S3ShadowScratch(settings, listener.routes.last?.backend)
    }

    var isOpen: Bool { primary.isOpen || candidate.isOpen }

    func close() async {
        await primary.close()
        await candidate.close()
    }

    func shape(of job: S3ShadowJob, at index: Int) -> S3Command { job.command }

    func clientReply(_ job: S3ShadowJob) -> S3ComparableReply? { job.reply }

    func askCandidate(_ job: S3ShadowJob) async throws(ShadowFailure) -> S3ComparableReply {
        let request = try scratch?.request(job) ?? job.bytes
        var reply = try await candidate.ask(request, job.method)
        // What fails once is not looked at again where it changes something; clients ask again then, and so does this.
        var repetitions = 0
        while job.isChange, reply.status == 500, repetitions < Self.repetitionLimit {
            repetitions += 1
            reply = try await candidate.ask(request, job.method)
        }
        if isOwn(reply) { throw .down }
        if reply.status == 503 { throw .unready }
        scratch?.answered(job, reply)
        return reply
    }

    private static let repetitionLimit = 2

    /// Whether the gateway itself has said that the candidate cannot be reached, or broke off: it signs with the listener's name.
    private func isOwn(_ reply: S3ComparableReply) -> Bool {
        guard (502...504).contains(reply.status) else { return false }
        return String(decoding: reply.head, as: UTF8.self).contains(" \(candidateName)-")
    }

    func askPrimary(_ job: S3ShadowJob) async -> S3ComparableReply? {
        guard let reply = try? await primary.ask(job.bytes, job.method), reply.status < 500 else { return nil }
        return reply
    }

    func differences(
        _ primary: S3ComparableReply, _ candidate: S3ComparableReply, _ job: S3ShadowJob
    ) -> [ShadowFinding] {
        let (left, right) =
            scratch.map {
                ($0.comparable(primary, job, isCandidate: false), $0.comparable(candidate, job, isCandidate: true))
            } ?? (primary, candidate)
        let found = S3ReplyComparison.difference(left, right, isHead: job.method == .head, masks: masks)
        return found.map {
            [ShadowFinding(kind: $0.kind.rawValue, place: $0.place, primary: $0.primary, candidate: $0.candidate)]
        } ?? []
    }
}
