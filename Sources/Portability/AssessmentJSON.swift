// Verdicts for programs.

import FoundationEssentials
import Usage

extension [Assessment] {
    /// `{"schema": "fairlead-portability/1", "windows": …, "verdicts": […]}`.
    package func json(windows: [String: [Profile.Window]]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(Document(windows, self)), as: UTF8.self) + "\n"
    }
}

private struct Document: Encodable {
    struct Entry: Encodable {
        let `protocol`: String
        let listener: String
        let identity: [String: String]
        let requests: UInt64
        let sampled: [SampledRequests]
        let candidate: String
        let verdict: MoveVerdict
        let findings: [Finding]
        let proofs: [String: String]
    }

    let schema = "fairlead-portability/1"
    let windows: [String: [Profile.Window]]
    let verdicts: [Entry]

    init(_ windows: [String: [Profile.Window]], _ assessments: [Assessment]) {
        self.windows = windows
        verdicts = assessments.map {
            Entry(
                protocol: $0.application.protocol, listener: $0.application.listener,
                identity: $0.application.identity, requests: $0.application.requests,
                sampled: $0.application.sampled, candidate: $0.candidate, verdict: $0.verdict, findings: $0.findings,
                proofs: $0.proofs)
        }
    }
}
