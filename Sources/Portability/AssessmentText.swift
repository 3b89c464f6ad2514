// Verdicts for a terminal.

import FoundationEssentials
import Usage

extension [Assessment] {
    /// A heading for each application, and its findings on each candidate.
    package func text(windows: [String: [Profile.Window]]) -> String {
        var text = ""
        var last: Application.Key?
        for assessment in self {
            let application = assessment.application
            if application.key != last {
                if last != nil { text += "\n" }
                let requests = "\(application.requests) request\(application.requests == 1 ? "" : "s")"
                let features = "\(application.features.count) feature\(application.features.count == 1 ? "" : "s")"
                text +=
                    "\(application.title.printable) (\(application.protocol), listener \(application.listener.printable)): "
                text += "\(requests), \(features)\n"
                if let sampling = application.sampling { text += wrapped(sampling, first: "  ", indent: 2) }
                last = application.key
            }
            text += "  \(assessment.candidate): \(assessment.verdict.rawValue)\n"
            for finding in assessment.findings { text += finding.text }
        }
        return text + "\n" + Self.coverage(windows)
    }

    /// What the verdicts cannot know.
    static func coverage(_ windows: [String: [Profile.Window]]) -> String {
        let spans = windows.values.flatMap(\.self)
        guard let start = spans.map(\.start).min(), let end = spans.map(\.end).max() else {
            return "The profile has no window: it says nothing.\n"
        }
        return
            "Seen by \(windows.count) gateway\(windows.count == 1 ? "" : "s") from \(start.moment) to \(end.moment). What was not seen is unknown.\n"
    }
}

extension Finding {
    fileprivate var text: String {
        var text = wrapped("\(subject): \(reason)", first: "    \(level.rawValue)  ", indent: 8)
        if !features.isEmpty {
            let shown = features.map { "\($0.feature) \($0.estimated ? "about " : "")\(percent($0.share))" }
            let time = last.map { ", last \($0.moment)" } ?? ""
            text += wrapped("used by \(shown.joined(separator: ", "))\(time)", first: "      ", indent: 8)
        }
        if !cases.isEmpty { text += wrapped("case \(cases.joined(separator: ", "))", first: "      ", indent: 8) }
        if let remedy { text += wrapped("remedy: \(remedy)", first: "      ", indent: 8) }
        return text
    }
}

extension UInt64 {
    /// Seconds since 1970 as RFC 3339, in UTC.
    var moment: String { Date(timeIntervalSince1970: Double(self)).formatted(.iso8601) }
}
