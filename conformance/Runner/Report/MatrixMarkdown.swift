// The matrix and a single report as Markdown.

extension Matrix {
    /// The page: the backends, then a table for each group.
    package func markdown() -> String {
        var lines = [
            "# What each backend has been proven to do", "",
            "Made by `fairlead conform matrix` from the reports beside it, and never edited by hand. A cell says how many of the",
            "cases that were run are identical to what is documented: `12` is all of them, `11/12` all but one. What departs",
            "says how: `d` differs, `r` refused, `f` failed; in bold where nothing declares it. `–`: no case could be run.",
            "",
            "| backend | server | Fairlead | suites | result |", "|---|---|---|---|---|",
        ]
        for report in reports {
            let servers = report.targets.map(\.server)
            let unique = servers.enumerated().filter { servers.firstIndex(of: $0.element) == $0.offset }.map(\.element)
            lines.append(
                "| \(cell(report.name)) | \(cell(unique.joined(separator: ", "))) | \(cell(report.fairlead)) | \(cell(report.suites)) | "
                    + "\(report.standing.rawValue): \(report.summary) |")
        }
        for group in groups {
            lines += ["", "## \(Self.title(of: group.name))", ""]
            let columns = group.columns
            lines.append("| | " + columns.map { cell(reports[$0].name) }.joined(separator: " | ") + " |")
            lines.append("|---|" + String(repeating: "---|", count: columns.count))
            for row in group.rows {
                lines.append(
                    "| `\(row.name)` | " + columns.map { Self.text(row.cells[$0]) }.joined(separator: " | ") + " |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ cell: Cell) -> String {
        guard !cell.cases.isEmpty else { return "" }
        guard cell.run > 0 else { return "–" }
        let identical = cell.count(.identical)
        if identical == cell.run { return "\(identical)" }
        let letters = [(Verdict.differs, "d"), (.refused, "r"), (.failed, "f")].filter { cell.count($0.0) > 0 }
        let text = "\(identical)/\(cell.run) " + letters.map(\.1).joined()
        return cell.isUndeclared ? "**\(text)**" : text
    }
}

extension Report {
    /// The report as a page: what was run, what departs, the figures.
    package func markdown() -> String {
        var lines = ["# \(inline(name)): \(standing.rawValue)", "", summary + ".", ""]
        let facts = [
            ("command", "`\(command)`"), ("seed", "\(seed)"), ("started", started), ("Fairlead", fairlead),
            ("suites", suites),
        ]
        lines += ["| | |", "|---|---|"]
        for target in targets {
            lines.append("| \(cell(target.label)) | \(cell(target.server)) |")
        }
        for target in against {
            lines.append("| against \(cell(target.label)) | \(cell(target.server)) |")
        }
        for (name, text) in facts where !text.isEmpty { lines.append("| \(name) | \(cell(text)) |") }
        if let configuration { lines.append("| configuration | `\(configuration)` |") }
        lines.append("| duration | \(duration) ms |")
        if let interruption { lines += ["", "It ended early: \(inline(interruption))"] }
        if !drift.isEmpty { lines += ["", "## Worse than declared", ""] + drift.map { "- \(inline($0))" } }
        let departing = cases.filter { [.differs, .refused, .failed].contains($0.verdict) }
        if !departing.isEmpty {
            lines += ["", "## What departs", "", "| case | verdict | why | declared |", "|---|---|---|---|"]
            for entry in departing {
                lines.append(
                    "| [\(cell(entry.id))](<\(entry.source.replacing(">", with: "%3E").replacing("\n", with: ""))>) | \(entry.verdict.rawValue) | \(cell(entry.reason)) | \(cell(entry.declared ?? "")) |"
                )
            }
        }
        let figures = cases.flatMap { entry in
            entry.figures.sorted { $0.key < $1.key }.map { (entry, $0.key, $0.value) }
        }
        if !figures.isEmpty {
            lines += ["", "## Limits found", "", "| limit | value | case |", "|---|---|---|"]
            for (entry, name, value) in figures {
                lines.append(
                    "| \(cell(name)) | \(value)\(entry.openFigures.contains(name) ? " or more" : "") | \(cell(entry.id)) |"
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Text that may come from a server, on one line and without markup of its own.
private func inline(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n", "\r": result += " "
        case "<": result += "&lt;"
        case "\\", "*", "_", "[", "]", "|": result += "\\\(scalar)"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// The same inside a table; code spans stay what they are.
private func cell(_ text: String) -> String {
    text.hasPrefix("`") && text.hasSuffix("`")
        ? text.replacing("|", with: "\\|").replacing("\n", with: " ") : inline(text)
}
