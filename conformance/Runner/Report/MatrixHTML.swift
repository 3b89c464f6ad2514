// The matrix as one HTML page that needs nothing from elsewhere.

import Digest

extension Matrix {
    /// The page; it loads nothing, and its policy forbids any script but its own.
    ///
    /// Evidence is what servers sent, also hostile ones: it is escaped where it is written, and again kept from running by
    /// the policy, which names the style and the script by their hashes.
    package func html() -> String {
        var page = HTMLText()
        page.add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        page.add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        let policy =
            "default-src 'none'; style-src '\(Self.source(MatrixPage.style))'; script-src '\(Self.source(MatrixPage.script))'"
        page.add("<meta http-equiv=\"Content-Security-Policy\" content=\"\(policy)\">\n")
        page.add("<meta name=\"referrer\" content=\"no-referrer\">\n")
        page.element("title", text: title)
        page.add("\n<style>\(MatrixPage.style)</style>\n</head>\n<body>\n")
        header(&page)
        filters(&page)
        page.add("<main>\n")
        for group in groups { table(group, &page) }
        page.element("p", ["id": "nothing", "hidden": ""], text: "No row fits these filters.")
        page.add("\n</main>\n")
        evidence(&page)
        page.add("<dialog id=\"panel\" aria-labelledby=\"panel-title\"><header><h2 id=\"panel-title\"></h2>")
        page.add("<form method=\"dialog\"><button aria-label=\"Close\">✕</button></form></header>")
        page.add("<div id=\"panel-body\"></div></dialog>\n<script>\(MatrixPage.script)</script>\n</body>\n</html>\n")
        return page.text
    }

    private var title: String {
        reports.count == 1 ? "Conformance of \(reports[0].name)" : "Conformance of \(reports.count) backends"
    }

    /// The hash by which a policy names an inline text (Content Security Policy 3, section 2.3.1).
    private static func source(_ text: String) -> String {
        "sha256-" + String(decoding: base64(HashAlgorithm.sha256.hash(Array(text.utf8))), as: UTF8.self)
    }

    // MARK: Above the tables

    private func header(_ page: inout HTMLText) {
        page.add("<header class=\"top\">\n")
        page.element("h1", text: title)
        page.add("<p class=\"lead\">Each row is a command, an operation or a capability, each column a backend. ")
        page.add("A cell counts the cases that did what is documented; open it for the evidence.</p>\n")
        page.add("<div class=\"cards\">\n")
        for report in reports { card(report, &page) }
        page.add("</div>\n</header>\n")
    }

    private func card(_ report: Report, _ page: inout HTMLText) {
        page.add("<article class=\"card\">")
        page.element("h2", text: report.name)
        page.element("span", ["class": "standing \(report.standing.rawValue)"], text: report.standing.rawValue)
        let servers = report.targets.map(\.server)
        page.element("p", ["class": "server"], text: Self.unique(servers).joined(separator: ", "))
        bar(report, &page)
        page.element("p", ["class": "sum"], text: report.summary)
        page.add("<details><summary>How it was run</summary><dl>")
        var facts = [("command", report.command), ("seed", "\(report.seed)"), ("started", report.started)]
        facts += [("duration", "\(report.duration) ms"), ("Fairlead", report.fairlead), ("suites", report.suites)]
        for target in report.targets { facts.append(("target", target.label)) }
        for target in report.against {
            facts.append(("against", "\(target.label), \(target.server)"))
        }
        if let adapter = report.adapter { facts.append(("adapter", adapter)) }
        if let configuration = report.configuration { facts.append(("configuration", configuration)) }
        if let interruption = report.interruption { facts.append(("ended early", interruption)) }
        for (name, text) in facts where !text.isEmpty {
            page.element("dt", text: name)
            page.element("dd", text: text)
        }
        page.add("</dl></details>")
        if !report.drift.isEmpty {
            page.add("<details class=\"drift\"><summary>Worse than declared: \(report.drift.count)</summary><ul>")
            for sentence in report.drift { page.element("li", text: sentence) }
            page.add("</ul></details>")
        }
        page.add("</article>\n")
    }

    private static func unique(_ texts: [String]) -> [String] {
        texts.enumerated().filter { texts.firstIndex(of: $0.element) == $0.offset }.map(\.element)
    }

    /// The verdicts as parts of one bar.
    private func bar(_ report: Report, _ page: inout HTMLText) {
        let counts = report.counts
        page.add(
            "<svg class=\"bar\" viewBox=\"0 0 \(max(report.cases.count, 1)) 1\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
        )
        var start = 0
        for verdict in Verdict.allCases {
            let count = counts[verdict] ?? 0
            if count > 0 {
                page.add("<rect class=\"\(verdict.rawValue)\" x=\"\(start)\" y=\"0\" width=\"\(count)\" height=\"1\"/>")
            }
            start += count
        }
        page.add("</svg>")
    }

    private func filters(_ page: inout HTMLText) {
        page.add("<search class=\"filters\">\n<label class=\"find\"><span>Find</span>")
        page.add(
            "<input id=\"find\" type=\"search\" placeholder=\"command, case, sentence\" autocomplete=\"off\"></label>\n"
        )
        page.add("<div class=\"chips\" role=\"group\" aria-label=\"Verdicts\">")
        for verdict in Verdict.allCases {
            page.add(
                "<button type=\"button\" class=\"chip \(verdict.rawValue)\" data-verdict=\"\(verdict.letter)\" aria-pressed=\"false\">\(verdict.rawValue)</button>"
            )
        }
        page.add(
            "<button type=\"button\" class=\"chip\" data-verdict=\"!\" aria-pressed=\"false\">undeclared</button></div>\n"
        )
        page.add("<label class=\"tag\"><span>Tag</span><select id=\"tag\"><option value=\"\">all</option>")
        let tags = Set(reports.flatMap(\.cases).flatMap(\.tags)).sorted()
        for tag in tags { page.element("option", ["value": tag], text: tag) }
        page.add("</select></label>\n<output id=\"shown\"></output>\n</search>\n")
    }

    // MARK: Tables

    private func table(_ group: Group, _ page: inout HTMLText) {
        page.add("<section class=\"group\">")
        page.element("h2", text: Self.title(of: group.name))
        page.add("<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\"><span class=\"quiet\">proves</span></th>")
        for column in group.columns { page.element("th", ["scope": "col"], text: reports[column].name) }
        page.add("</tr></thead>\n<tbody>\n")
        for row in group.rows {
            page.add("<tr>")
            page.element("th", ["scope": "row"], text: row.name)
            for column in group.columns { cell(row.cells[column], row, column, &page) }
            page.add("</tr>\n")
        }
        page.add("</tbody></table></div></section>\n")
    }

    private func cell(_ cell: Cell, _ row: Row, _ column: Int, _ page: inout HTMLText) {
        guard let verdict = cell.verdict else {
            page.add("<td></td>")
            return
        }
        let identical = cell.count(.identical)
        let text = cell.run == 0 ? "–" : identical == cell.run ? "\(identical)" : "\(identical)/\(cell.run)"
        let marks = cell.cases.map { entry in
            let isUndeclared = [.failed, .differs, .refused].contains(entry.verdict) && entry.declared == nil
            return "\(numbers[entry.id] ?? 0)\(entry.verdict.letter)\(isUndeclared ? "!" : "")"
        }
        let words = "\(row.name), \(reports[column].name): \(cell.summary)"
        page.add("<td>")
        page.element(
            "button",
            [
                "type": "button", "class": "cell \(verdict.rawValue)\(cell.isUndeclared ? " undeclared" : "")",
                "data-report": "\(column)", "data-cases": marks.joined(separator: " "), "aria-label": words,
            ], text: text)
        page.add("</td>")
    }

    // MARK: Evidence

    /// Every case once, and what each backend did where it was not identical.
    private func evidence(_ page: inout HTMLText) {
        var written: Set<String> = []
        for (column, report) in reports.enumerated() {
            for entry in report.cases {
                let number = numbers[entry.id] ?? 0
                if written.insert(entry.id).inserted {
                    page.add("<template id=\"k\(number)\">")
                    page.add(
                        "<p class=\"title\" data-tags=\"\(MarkupText.escaped(entry.tags.joined(separator: " ")))\">")
                    page.element("span", text: entry.title)
                    page.add("</p><p class=\"about\">")
                    page.element("code", text: entry.id)
                    page.add(" · ")
                    page.link(entry.source)
                    page.add(" · ")
                    page.element("span", text: entry.client)
                    page.add("</p></template>\n")
                }
                guard entry.verdict != .identical || !entry.figures.isEmpty else { continue }
                page.add("<template id=\"e\(column)-\(number)\">")
                outcome(entry, &page)
                page.add("</template>\n")
            }
        }
    }

    private func outcome(_ entry: Report.Entry, _ page: inout HTMLText) {
        if !entry.reason.isEmpty { page.element("p", ["class": "reason"], text: entry.reason) }
        if let declared = entry.declared { page.element("p", ["class": "declared"], text: "Declared: \(declared)") }
        for (name, value) in entry.figures.sorted(by: { $0.key < $1.key }) {
            let more = entry.openFigures.contains(name) ? " or more" : ""
            page.element("p", ["class": "figure"], text: "\(name): \(value)\(more)")
        }
        steps(entry.steps, entry.otherSteps.isEmpty ? "Steps" : "Steps here", &page)
        steps(entry.otherSteps, "Steps at the other target", &page)
    }

    private func steps(_ steps: [Report.Moment], _ heading: String, _ page: inout HTMLText) {
        guard !steps.isEmpty else { return }
        page.element("h4", text: heading)
        page.add("<ol>")
        for step in steps {
            page.add("<li\(step.problem == nil ? "" : " class=\"wrong\"")>")
            page.element("span", ["class": "line"], text: "line \(step.line)")
            page.element("code", ["class": "action"], text: step.action)
            if step.connection != Step.ownConnection {
                page.element("span", ["class": "line"], text: "on \(step.connection)")
            }
            for piece in step.pieces {
                let more = piece.count > piece.bytes.count ? " … \(piece.count) bytes" : ""
                page.element(
                    "pre", ["class": piece.direction.rawValue], text: EvidenceText.escaped(piece.bytes) + more)
            }
            if step.dropped > 0 { page.element("p", ["class": "line"], text: "\(step.dropped) more were not kept") }
            if let observed = step.observed { page.element("pre", ["class": "observed"], text: observed) }
            if let problem = step.problem { page.element("p", ["class": "problem"], text: problem) }
            page.add("</li>")
        }
        page.add("</ol>")
    }
}

extension Matrix.Cell {
    /// The verdicts in words.
    fileprivate var summary: String {
        let words = Verdict.allCases.compactMap { count($0) > 0 ? "\(count($0)) \($0.rawValue)" : nil }
        return words.joined(separator: ", ") + (isUndeclared ? ", undeclared" : "")
    }
}

extension Verdict {
    fileprivate var letter: String { String(rawValue.prefix(1)) }
}

/// HTML under construction: markup is what the code writes, text is always escaped.
struct HTMLText {
    private(set) var text = ""

    /// Markup, which is a literal of the code or made of numbers and fixed words.
    mutating func add(_ markup: String) { text += markup }

    mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String) {
        self.text += "<\(name)"
        for (key, value) in attributes { self.text += " \(key)=\"\(MarkupText.escaped(value))\"" }
        self.text += ">\(MarkupText.escaped(text))</\(name)>"
    }

    /// A link where the address is one of the web, else plain text: a report may come from anybody.
    mutating func link(_ address: String) {
        guard address.hasPrefix("https://") || address.hasPrefix("http://") else {
            return element("span", text: address)
        }
        element("a", ["href": address, "rel": "noreferrer noopener"], text: address)
    }
}
