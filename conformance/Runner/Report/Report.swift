// A report: what a run found, reduced to what is worth keeping and comparing.

import Capabilities

/// What is written, read, compared and shown; conformance/REPORT.md describes its JSON.
package struct Report: Sendable, Equatable {
    /// The version of the form; a reader refuses one that it does not know.
    package static let formatVersion = RunReport.formatVersion
    package static let formatName = "fairlead-conformance-report"

    /// Whether nothing was worse than declared.
    package enum Standing: String, Sendable {
        case passed
        case failed
    }

    /// A server that was asked, as it names itself.
    package struct Target: Sendable, Equatable {
        package var wire: String
        /// The URL without what is secret in it, or the backend's name.
        package var label: String
        package var product: String
        package var version: String
        package var features: [String]

        /// The product with its version, where it states one.
        var server: String { version.isEmpty ? product : "\(product) \(version)" }
    }

    /// The heading of its column: the backend's name, or the product's.
    package var name: String
    package var standing: Standing
    package var targets: [Target]
    /// The servers that it was compared with; empty where the documents alone were.
    package var against: [Target] = []
    /// The effective manifest as the backend states it, by capability.
    package var capabilities: [String: ManifestEntry] = [:]
    /// Whether a wire told them, which tells support and no bounds, and no manifest.
    var isToldByWire = false
    package var adapter: String?
    /// Fairlead's version, and the hash of the suites.
    package var fairlead: String
    package var suites: String
    /// The hash of the backend's effective configuration; nil for a URL.
    package var configuration: String?
    package var seed: UInt64
    package var started: String
    /// Milliseconds.
    package var duration: Int64
    package var command: String
    /// Why the run ended early.
    package var interruption: String?
    /// What the manifest or the declaration says and the verdicts disprove, a sentence each.
    package var drift: [String] = []
    package var cases: [Entry]

    /// One case.
    package struct Entry: Sendable, Equatable {
        package var id: String
        package var title: String
        package var proves: [String]
        package var source: String
        package var tags: [String]
        package var client: String
        package var verdict: Verdict
        package var reason = ""
        package var refusedCapability: String?
        /// Why the verdict is no surprise: what declares it.
        package var declared: String?
        package var figures: [String: Int64] = [:]
        /// Figures whose search ended at its upper end: the limit is there or beyond.
        package var openFigures: [String] = []
        /// Milliseconds; kept only beside evidence, because it is never twice the same.
        package var duration: Int64?
        package var steps: [Moment] = []
        package var otherSteps: [Moment] = []

        /// The suite's folder, which is the wire or `capabilities`.
        package var group: String { String(id.prefix { $0 != "/" }) }
        package var suite: String { id.split(separator: "/").dropLast().joined(separator: "/") }
    }

    /// One step as it went.
    package struct Moment: Sendable, Equatable {
        package var line: Int
        package var action: String
        package var connection: String
        package var observed: String?
        package var problem: String?
        package var pieces: [Piece] = []
        /// Pieces that were not kept.
        package var dropped = 0
    }

    /// Bytes that went one way.
    package struct Piece: Sendable, Equatable {
        package var direction: Evidence.Direction
        package var bytes: [UInt8]
        /// How many there were.
        package var count: Int
    }

    /// Takes `manifest` for what is declared, with bounds and weakenings, instead of what the wire told.
    package mutating func hold(to manifest: Manifest) {
        isToldByWire = false
        capabilities = [:]
        for capability in Capability.allCases where manifest[capability].support != .refused {
            var entry = manifest[capability]
            entry.note = ""
            capabilities[capability.name] = entry
        }
    }

    /// How many cases have each verdict.
    package var counts: [Verdict: Int] { cases.reduce(into: [:]) { $0[$1.verdict, default: 0] += 1 } }

    /// The counts in words: `612 identical, 3 differ`.
    package var summary: String {
        let counts = counts
        let words = Verdict.allCases.compactMap { verdict in
            counts[verdict].map { "\($0) \(verdict == .differs && $0 != 1 ? "differ" : verdict.rawValue)" }
        }
        return words.isEmpty ? "no cases" : words.joined(separator: ", ")
    }
}
