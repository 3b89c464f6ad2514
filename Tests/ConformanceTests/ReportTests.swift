// Reports: what is kept, that it reads back, and that no server's words become markup.

import Capabilities
import Foundation
import Testing

@testable import Conformance

@Suite("A report")
struct ReportTests {
    private static let attack = "</template><script>alert(1)</script>\"'\u{202E}\u{0}"

    private func full() -> Report {
        var full = report(
            [
                result("redis/a/one"), result("redis/a/two", .differs, reason: Self.attack, received: Self.attack),
                result("redis/b/three", .refused, reason: "no", refused: "kv.ttl"),
                result("redis/b/four", .skipped, reason: "needs \">=8\""),
                result("redis/b/five", figures: ["value-bytes": 1024], open: ["value-bytes"]),
            ],
            manifest: [.keyValueSet: ManifestEntry(.native, bounds: [.valueBytes: 1024], weakenings: [.notDurable])])
        full.judge()
        return full
    }

    @Test("what is written as JSON reads back as the same, and is the same text each time")
    func roundTrip() throws {
        let report = full()
        let text = report.json()
        let read = try Report(json: text.utf8)
        #expect(read == report)
        #expect(read.json() == text)
        #expect(read.seed == .max)
        #expect(
            text.split(separator: "\n").contains {
                $0.hasPrefix("    {\"id\": \"redis/a/one\", \"verdict\": \"identical\"")
            })
    }

    @Test("evidence is kept only where it is needed, and never much of it")
    func evidence() throws {
        #expect(full().cases[0].steps.isEmpty)
        #expect(full().cases[1].steps.count == 1)
        let long = String(repeating: "x\u{1}", count: 100_000)
        let big = report([result("redis/a/one", .differs, reason: long, received: long)])
        #expect(big.json().utf8.count < 12_000)
        #expect(big.cases[0].steps[0].pieces[1].count == 200_000)
        #expect(try Report(json: big.json().utf8) == big)
    }

    @Test(
        "what is no report of this form is refused with the reason",
        arguments: [
            ("", "no JSON"), ("{}", "no report"), ("[1,]", "no JSON"), ("{\"format\": \"\\ud800\"}", "no report"),
            (String(repeating: "[", count: 100_000), "deep"), ("{\"a\": \"\u{1}\"}", "control character"),
            ("{\"format\": \"fairlead-conformance-report\", \"version\": 99}", "another one than 1"),
            ("{\"format\": \"fairlead-conformance-report\", \"version\": 1}", "never edited by hand"),
        ])
    func hostile(text: String, problem: String) {
        do {
            _ = try Report(json: text.utf8)
            Issue.record("it was read")
        } catch { #expect(error.description.contains(problem), "\(error)") }
    }

    @Test("a report that is cut anywhere is refused, and nothing else happens")
    func cuts() {
        let bytes = Array(report([result("redis/a/one")]).json().utf8).dropLast()
        for end in bytes.indices { #expect(throws: ReportProblem.self) { try Report(json: bytes[..<end]) } }
    }

    @Test("the page has no markup of a server's, loads nothing, and shows every cell")
    func page() {
        var other = full()
        other.cases[0].source = "javascript:alert(1)"
        let html = Matrix([full(), other]).html()
        #expect(!html.contains("<script>alert"))
        #expect(!html.contains("</template><script"))
        #expect(!html.contains("\u{202E}"))
        #expect(!html.contains("href=\"javascript"))
        #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(html.contains("default-src 'none'; style-src 'sha256-"))
        #expect(!html.contains("src="))
        #expect(html == Matrix([full(), other]).html())
        #expect(html.components(separatedBy: "class=\"cell ").count == 3)
    }

    @Test("JUnit counts what is not declared, and stays well-formed")
    func junit() {
        let text = full().junit()
        #expect(text.contains("<testsuites name=\"house\" tests=\"5\" failures=\"1\""))
        #expect(text.contains("<testcase classname=\"redis/a\" name=\"two\""))
        #expect(text.contains("<skipped message=\"needs &quot;&gt;=8&quot;\"/>"))
        #expect(text.contains("refused, as declared: the manifest refuses kv.ttl"))
        #expect(!text.contains("<script>") && !text.contains("\u{0}"))
    }

    @Test("Markdown names what departs and the limits; the matrix counts, and marks what is not declared")
    func markdown() {
        let text = full().markdown()
        #expect(text.contains("# house: failed"))
        #expect(text.contains("| value-bytes | 1024 or more | redis/b/five |"))
        #expect(!text.contains("<script>"))
        let matrix = Matrix([full(), report([result("postgres/a/x", proves: ["Query"])], named: "other")]).markdown()
        #expect(matrix.contains("| `GET` | **2/4 dr** |"))
        #expect(matrix.contains("## PostgreSQL\n\n| | other |\n|---|---|\n| `Query` | 1 |"))
    }

    @Test("what changed between two reports is told, worse things first")
    func difference() {
        let before = report([result("redis/a/one"), result("redis/a/two", .differs), result("redis/a/gone")])
        let after = report([
            result("redis/a/one", .failed, reason: "lost"), result("redis/a/two"),
            result("redis/a/new", figures: ["n": 1]),
        ])
        let difference = ReportDifference(before, after)
        #expect(difference.isWorse)
        let lines = difference.text().split(separator: "\n")
        #expect(lines.first == "worse  redis/a/one  identical -> failed: lost")
        #expect(lines.contains("other  redis/a/two  differs -> identical"))
        #expect(lines.contains("other  redis/a/gone  identical -> gone: it was not run"))
        #expect(!ReportDifference(before, before).isWorse)
        #expect(ReportDifference(before, before).text() == "no verdict has changed\n")
        let less = report([result("redis/a/one", figures: ["n": 5])])
        let more = report([result("redis/a/one", figures: ["n": 9])])
        #expect(ReportDifference(more, less).isWorse)
        #expect(!ReportDifference(less, more).isWorse)
    }
}
