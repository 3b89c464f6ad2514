// What is known of the adapters that come with Fairlead, for verdicts.

import Conformance
import EmbeddedAdapter
import Portability

extension CandidateFacts {
    /// What is known of the candidate that `report` is about.
    static func of(_ report: Report) -> CandidateFacts {
        switch report.adapter {
        case "embedded":
            let dialect = EmbeddedDialect()
            return CandidateFacts(takesEmptyKeys: true) { dialect?.refusal(of: $0) }
        // A word of a line, a key of etcd and a subject of NATS have a byte at the least.
        case "memcached", "memcached-binary", "memcached-swift", "etcd", "nats":
            return CandidateFacts(takesEmptyKeys: false)
        default: return CandidateFacts()
        }
    }
}

/// What the embedded store's translation refuses by name, found by translating samples.
final class EmbeddedDialect {
    private let probe: EmbeddedSQLProbe
    private var known: [String: String?] = [:]

    /// Nil where SQLite cannot be had.
    init?() {
        guard let probe = try? EmbeddedSQLProbe(PostgresSamples.tables) else { return nil }
        self.probe = probe
    }

    /// Why all samples of `feature` that fail for no other reason are refused; nil where one is taken, or there is none.
    func refusal(of feature: String) -> String? {
        if let answer = known[feature] { return answer }
        var reason: String?
        for sample in PostgresSamples.of(feature) {
            switch probe.answer(to: sample) {
            case .taken:
                known[feature] = .some(nil)
                return nil
            case .refused(let why): reason = reason ?? why
            case .failed: break
            }
        }
        known[feature] = .some(reason)
        return reason
    }
}
