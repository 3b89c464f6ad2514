// The head of a conformance report: what the start-up gate asks of it.

import Capabilities
import FoundationEssentials

/// The members of a report that tie it to a backend; conformance/REPORT.md describes them all.
struct ReportHead: Decodable {
    var format: String
    var version: Int
    var standing: String
    var fairlead: String
    var adapter: String?
    var configuration: String?
    private var targets: [Target]?
    private var capabilities: [String: Ability]?
    private var cases: [Case]?

    private struct Target: Decodable {
        var wire: String
    }

    /// One case, as far as a contract asks for it.
    struct Case: Decodable, Sendable {
        var id: String
        var verdict: String
        var proves: [String]?
        var tags: [String]?
        var reason: String?

        /// `redis/strings` of `redis/strings/NAME`.
        var suite: String { id.split(separator: "/").dropLast().joined(separator: "/") }
        var holds: Bool { verdict == "identical" }
        var wasRun: Bool { verdict != "skipped" }
    }

    private struct Ability: Decodable {
        var support: String
        var weakenings: [String]?
    }

    /// The wires that it was asked over.
    var wires: [String] { (targets ?? []).map(\.wire) }
    /// The cases that were run.
    var runs: [Case] { (cases ?? []).filter(\.wasRun) }

    /// What the backend was proven to do; what is not there is refused.
    var abilities: [Capability: ManifestEntry] {
        var abilities: [Capability: ManifestEntry] = [:]
        for (name, ability) in capabilities ?? [:] {
            guard let capability = Capability(rawValue: name), let support = Support(rawValue: ability.support) else {
                continue
            }
            let weakenings = (ability.weakenings ?? []).compactMap { Weakening(rawValue: $0) }
            abilities[capability] = ManifestEntry(support, weakenings: Set(weakenings))
        }
        return abilities
    }

    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    /// The form of reports that this version knows.
    private static let knownVersion = 1
    /// Far more than the largest report has.
    private static let bytesAtMost = 64 << 20

    init(path: String) throws(Problem) {
        guard let file = FileManager.default.contents(atPath: path) else { throw Problem(description: "is not there") }
        guard file.count <= Self.bytesAtMost else { throw Problem(description: "is too large for a report") }
        guard let head = try? JSONDecoder().decode(Self.self, from: file), head.format == "fairlead-conformance-report"
        else { throw Problem(description: "is no report of `fairlead conform`") }
        guard head.version == Self.knownVersion else {
            throw Problem(description: "has a form that another version of Fairlead writes")
        }
        self = head
    }
}
