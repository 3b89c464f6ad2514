// What is told while a run goes on: a bar on a terminal, lines elsewhere.

import Conformance
import Glibc
import Synchronization

/// Writes to standard error, so that a report on standard output stays one.
final class ConformProgress: RunProgress {
    private struct State {
        var counts: [Verdict: Int] = [:]
        var lastTenth = 0
    }

    private let target: String
    private let isScratch: Bool
    private let isTerminal: Bool
    private let state = Mutex(State())

    init(target: String, isScratch: Bool, isTerminal: Bool = isatty(STDERR_FILENO) == 1) {
        self.target = target
        self.isScratch = isScratch
        self.isTerminal = isTerminal
    }

    func began(_ facts: TargetFacts, against: TargetFacts?, cases: Int, scope: String) {
        StandardError.write(
            "\(target): \([facts.product, facts.version].filter { !$0.isEmpty }.joined(separator: " ")), \(cases) cases"
        )
        if let against { StandardError.write("against: \(against.product) \(against.version)") }
        StandardError.write(Self.touched(scope, isScratch: isScratch))
    }

    /// The sentence that says what the run will touch; `scope` is what the driver gives the cases, such as `p=…, bucket=…`.
    static func touched(_ scope: String, isScratch: Bool) -> String {
        if isScratch { return "It may touch and empty the whole server, because of --scratch." }
        let names = scope.split(separator: ", ").map { part -> String in
            let (name, value) = (part.prefix { $0 != "=" }, part.drop { $0 != "=" }.dropFirst())
            return name == "p" ? "names that begin like \(value)" : "\(name) \(value) and its like"
        }
        return "It touches only what is its own: \(names.joined(separator: "; "))."
    }

    func finished(_ result: CaseResult, done: Int, of total: Int) {
        state.withLock { state in
            state.counts[result.verdict, default: 0] += 1
            if isTerminal {
                if [.differs, .failed].contains(result.verdict) { clearLine(Self.line(of: result)) }
                draw(done: done, total: total, state.counts)
                return
            }
            if [.differs, .failed].contains(result.verdict) { StandardError.write(Self.line(of: result)) }
            // Ten lines a run, however many cases there are.
            let tenth = done * 10 / max(total, 1)
            guard tenth > state.lastTenth || done == total else { return }
            state.lastTenth = tenth
            StandardError.write("\(done) of \(total)")
        }
    }

    func left(_ names: [String], at label: String) {
        StandardError.write("left behind at \(label), as it could not be removed: \(names.joined(separator: ", "))")
    }

    static func line(of result: CaseResult) -> String {
        // A server's words must not move the cursor of whoever reads them.
        let reason = result.reason.unicodeScalars.map { scalar in
            scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? "?" : String(scalar)
        }
        return "\(result.verdict.rawValue)  \(result.id): \(reason.joined())"
    }

    private func clearLine(_ text: String) { StandardError.write("\r\u{1B}[K\(text)") }

    private func draw(done: Int, total: Int, _ counts: [Verdict: Int]) {
        let width = 30
        let filled = total == 0 ? width : done * width / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let words = [Verdict.differs, .failed, .refused, .skipped].compactMap { verdict in
            counts[verdict].map { "\($0) \(verdict.rawValue)" }
        }
        let tail = words.isEmpty ? "" : "  \(words.joined(separator: ", "))"
        StandardError.write(part: "\r\u{1B}[K\(bar) \(done)/\(total)\(tail)" + (done == total ? "\n" : ""))
    }
}
