// A report as JUnit XML, which continuous integration systems show.

extension Report {
    /// The text of the file: a suite a file of cases; what is declared is passed, what is not is a failure or an error.
    package func junit() -> String {
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        let total = cases.count { Self.isFailure($0) }
        lines.append(
            "<testsuites name=\"\(escaped(name))\" tests=\"\(cases.count)\" failures=\"\(total)\" time=\"\(seconds(duration))\">"
        )
        var suites: [(name: String, cases: [Entry])] = []
        for entry in cases {
            if suites.last?.name != entry.suite { suites.append((entry.suite, [])) }
            suites[suites.count - 1].cases.append(entry)
        }
        for suite in suites {
            let failures = suite.cases.count { Self.isFailure($0) && $0.verdict != .failed }
            let errors = suite.cases.count { Self.isFailure($0) && $0.verdict == .failed }
            let skipped = suite.cases.count { $0.verdict == .skipped }
            lines.append(
                "  <testsuite name=\"\(escaped(suite.name))\" tests=\"\(suite.cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\">"
            )
            for entry in suite.cases { lines += Self.lines(of: entry) }
            lines.append("  </testsuite>")
        }
        lines.append("</testsuites>")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func isFailure(_ entry: Entry) -> Bool {
        [.differs, .refused, .failed].contains(entry.verdict) && entry.declared == nil
    }

    private static func lines(of entry: Entry) -> [String] {
        let name = entry.id.split(separator: "/").last ?? ""
        let opening =
            "    <testcase classname=\"\(escaped(entry.suite))\" name=\"\(escaped(String(name)))\" time=\"\(seconds(entry.duration ?? 0))\""
        let evidence = entry.steps.flatMap(\.plainLines)
        if entry.verdict == .skipped {
            return [opening + ">", "      <skipped message=\"\(escaped(entry.reason))\"/>", "    </testcase>"]
        }
        if isFailure(entry) {
            let element = entry.verdict == .failed ? "error" : "failure"
            return [
                opening + ">",
                "      <\(element) type=\"\(entry.verdict.rawValue)\" message=\"\(escaped(entry.reason))\">"
                    + escaped(evidence.joined(separator: "\n")) + "</\(element)>", "    </testcase>",
            ]
        }
        guard let declared = entry.declared else { return [opening + "/>"] }
        let note = "\(entry.verdict.rawValue), as declared: \(declared)"
        return [opening + ">", "      <system-out>\(escaped(note))</system-out>", "    </testcase>"]
    }
}

extension Report.Moment {
    /// The step as lines of text: what was done, what passed, what was wrong.
    var plainLines: [String] {
        var lines = ["line \(line): \(action)" + (connection == Step.ownConnection ? "" : " (on \(connection))")]
        for piece in pieces {
            let more = piece.count > piece.bytes.count ? " … \(piece.count) bytes" : ""
            lines.append("  \(piece.direction == .sent ? ">" : "<") \(EvidenceText.escaped(piece.bytes))\(more)")
        }
        if dropped > 0 { lines.append("  … \(dropped) more") }
        if let observed { lines.append("  came: \(observed)") }
        if let problem { lines.append("  wrong: \(problem)") }
        return lines
    }
}

private func seconds(_ milliseconds: Int64) -> String {
    let rest = "\(milliseconds % 1000)"
    return "\(milliseconds / 1000)." + String(repeating: "0", count: max(0, 3 - rest.count)) + rest
}

private func escaped(_ text: String) -> String { MarkupText.escaped(text) }
