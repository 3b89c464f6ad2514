// The head of a conformance report: what the start-up gate asks of it.

import FoundationEssentials

/// The members of a report that tie it to a backend; conformance/REPORT.md describes them all.
struct ReportHead: Decodable {
    var format: String
    var version: Int
    var standing: String
    var fairlead: String
    var adapter: String?
    var configuration: String?

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
