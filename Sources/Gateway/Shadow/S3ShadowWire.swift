// How a shadow's runner asks in S3.

import S3Wire

/// The two sides of an S3 listener's shadow.
final class S3ShadowWire: ShadowWire {
    private let primary: S3ShadowLink
    private let candidate: S3ShadowLink
    /// How the gateway's own answers in the candidate's place begin their requests' names.
    private let candidateName: String
    private let masks: Set<S3ReplyMask>
    private let shadow: Shadow
    /// Where writes go; nil where there are none.
    private let scratch: S3ShadowScratch?

    /// `candidate` leads to `listener`, which is the shadow's own.
    init(
        _ shadow: Shadow, primary: ShadowConnection, candidate: ShadowConnection,
        _ listener: ListenerState
    ) {
        self.primary = S3ShadowLink(primary)
        self.candidate = S3ShadowLink(candidate)
        candidateName = listener.name
        self.shadow = shadow
        masks = shadow.settings.objectMasks
        scratch = S3ShadowScratch(shadow.settings, listener.routes.last?.backend)
    }

    var isOpen: Bool { primary.isOpen || candidate.isOpen }

    func close() async {
        await primary.close()
        await candidate.close()
    }

    func shape(of job: S3ShadowJob, at index: Int) -> S3Command { job.command }

    /// A list of which nothing is known says nothing of the copy.
    func reason(against job: S3ShadowJob) -> ShadowDrop? {
        guard job.isPartial, let scratch else { return nil }
        guard let list = scratch.list(job.reply, job) else { return .incomparable }
        return isKnown(list.entries.map(\.name), job).contains(true) ? nil : .partialCopy
    }

    private func isKnown(_ names: [[UInt8]], _ job: S3ShadowJob) -> [Bool] {
        let keys = names.map { shadow.hash($0.span, []) }
        // A few at a time: sessions that have something for the shadow wait meanwhile.
        return stride(from: 0, to: keys.count, by: 64).flatMap { start in
            shadow.isKnown(Array(keys[start..<min(keys.count, start + 64)]), since: job)
        }
    }

    private func limit(_ job: S3ShadowJob) -> Int {
        job.isPartial ? Shadow.listLimit : 2 * Shadow.replyLimit
    }

    func clientReply(_ job: S3ShadowJob) -> S3ComparableReply? { job.reply }

    func askCandidate(_ job: S3ShadowJob) async throws(ShadowFailure) -> S3ComparableReply {
        let request = try scratch?.request(job) ?? job.bytes
        var reply = try await candidate.ask(request, job.method, limit: limit(job))
        if job.isPartial, !reply.isWhole { throw .large }
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
        guard let reply = try? await primary.ask(job.bytes, job.method, limit: limit(job)), reply.status < 500 else {
            return nil
        }
        return reply
    }

    func differences(
        _ primary: S3ComparableReply, _ candidate: S3ComparableReply, _ job: S3ShadowJob
    ) -> [ShadowFinding] {
        if job.isPartial, let scratch { return lists(primary, candidate, job, scratch) }
        let (left, right) =
            scratch.map {
                ($0.comparable(primary, job, isCandidate: false), $0.comparable(candidate, job, isCandidate: true))
            } ?? (primary, candidate)
        let found = S3ReplyComparison.difference(left, right, isHead: job.method == .head, masks: masks)
        return found.map {
            [ShadowFinding(kind: $0.kind.rawValue, place: $0.place, primary: $0.primary, candidate: $0.candidate)]
        } ?? []
    }

    /// The same of lists: of the keys that are known.
    private func lists(
        _ primary: S3ComparableReply, _ candidate: S3ComparableReply, _ job: S3ShadowJob,
        _ scratch: S3ShadowScratch
    ) -> [ShadowFinding] {
        guard let left = scratch.list(primary, job) else { return [] }
        guard let right = scratch.list(candidate, job) else {
            let kind: S3DifferenceKind = candidate.status == primary.status ? .document : .status
            return [
                ShadowFinding(
                    kind: kind.rawValue, place: "", primary: "\(primary.status), a list",
                    candidate: "\(candidate.status)")
            ]
        }
        let found = S3ShadowList.difference(left, right, masksTags: masks.contains(.etag)) {
            isKnown($0, job)
        }
        return found.map { [$0] } ?? []
    }
}
