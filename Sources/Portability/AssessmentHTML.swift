// Verdicts as one page that needs nothing else.

import Usage

extension [Assessment] {
    /// A table of applications and candidates, and under it what each verdict stands on.
    package func html(windows: [String: [Profile.Window]]) -> String {
        let candidates = reduce(into: [String]()) { if !$0.contains($1.candidate) { $0.append($1.candidate) } }
        var page = Self.head
        page += "<h1>Where could it move?</h1>\n<p>\(Self.escaped(Self.coverage(windows)))</p>\n"
        page += "<table><tr><th>application</th>"
        for candidate in candidates { page += "<th>\(Self.escaped(candidate))</th>" }
        page += "</tr>\n"
        var applications: [Application.Key] = []
        for one in self where !applications.contains(one.application.key) { applications.append(one.application.key) }
        for key in applications {
            let own = filter { $0.application.key == key }
            guard let first = own.first else { continue }
            page += "<tr><th class=\"name\">\(Self.escaped(first.application.title))"
            page +=
                "<small>\(Self.escaped(key.protocol)), listener \(Self.escaped(key.listener)), \(first.application.requests) requests</small></th>"
            for candidate in candidates {
                guard let one = own.first(where: { $0.candidate == candidate }) else {
                    page += "<td></td>"
                    continue
                }
                page +=
                    "<td class=\"\(one.verdict.mark)\"><a href=\"#\(Self.anchor(one))\">\(one.verdict.rawValue)</a></td>"
            }
            page += "</tr>\n"
        }
        page += "</table>\n"
        for one in self { page += Self.section(one) }
        return page + "</main></body></html>\n"
    }

    private static func anchor(_ one: Assessment) -> String {
        let text = "\(one.application.protocol)-\(one.application.listener)-\(one.application.title)-\(one.candidate)"
        return String(text.map { $0.isLetter || $0.isNumber ? $0 : "-" })
    }

    private static func section(_ one: Assessment) -> String {
        var text = "<h2 id=\"\(anchor(one))\">\(escaped(one.application.title)) → \(escaped(one.candidate)): "
        text += "<span class=\"\(one.verdict.mark)\">\(one.verdict.rawValue)</span></h2>\n"
        if let sampling = one.application.sampling { text += "<p><small>\(escaped(sampling))</small></p>\n" }
        if one.findings.isEmpty { return text + "<p>Everything that it was seen to use is proven there.</p>\n" }
        text += "<table><tr><th></th><th>what</th><th>why</th><th>traffic</th><th>proof</th></tr>\n"
        for finding in one.findings {
            let features = finding.features.map {
                "\(escaped($0.feature))&nbsp;<small>\($0.estimated ? "about " : "")\(percent($0.share)), last \($0.last.moment)</small>"
            }
            text +=
                "<tr><td class=\"level \(finding.level.rawValue)\">\(finding.level.rawValue)</td><td>\(escaped(finding.subject))</td>"
            text += "<td>\(escaped(finding.reason))"
            if let remedy = finding.remedy { text += "<p class=\"remedy\">\(escaped(remedy))</p>" }
            text += "</td><td>\(features.joined(separator: "<br>"))</td>"
            text += "<td>\(finding.cases.map(escaped).joined(separator: "<br>"))</td></tr>\n"
        }
        return text + "</table>\n"
    }

    private static func escaped(_ text: String) -> String {
        // By bytes: a quote with a mark that joins it is another character to Swift, and a quote to a browser.
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += [UInt8]("&amp;".utf8)
            case UInt8(ascii: "<"): bytes += [UInt8]("&lt;".utf8)
            case UInt8(ascii: ">"): bytes += [UInt8]("&gt;".utf8)
            case UInt8(ascii: "\""): bytes += [UInt8]("&quot;".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let head = """
        <!doctype html><html lang="en"><head><meta charset="utf-8"><title>Fairlead: portability</title>
        <meta name="viewport" content="width=device-width"><style>
        body { font: 15px/1.5 system-ui, sans-serif; color: #1d2733; background: #f6f7f9; margin: 0 }
        main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.5rem }
        h1 { font-size: 1.6rem } h2 { font-size: 1.1rem; margin-top: 2.2rem }
        table { border-collapse: collapse; width: 100%; background: #fff; border: 1px solid #dde2e8 }
        th, td { text-align: left; vertical-align: top; padding: .45rem .7rem; border-bottom: 1px solid #e8ecf0; overflow-wrap: anywhere }
        th { font-weight: 600 } small { color: #667384; font-weight: 400 } th.name small { display: block }
        .safe, .safe a { color: #16713f } .limited, .limited a, .limit { color: #95600a } .blocked, .blocked a { color: #b3261e }
        .unproven { color: #667384 } .remedy { margin: .3rem 0 0; color: #2b5797 } td a { text-decoration: none; font-weight: 600 }
        td.level { white-space: nowrap; overflow-wrap: normal }
        </style></head><body><main>

        """
}

extension MoveVerdict {
    /// The class of its colour.
    fileprivate var mark: String { self == .limited ? "limited" : rawValue }
}
