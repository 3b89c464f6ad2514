// How far a migration is, as the admin listener tells it, and in words.

import Conformance
import Foundation

/// What the admin listener says of one migration.
struct MigrationState: Decodable {
    struct Refusal: Decodable {
        let type: String
        let keys: Int
        let reason: String
    }

    private struct Document: Decodable { let migrations: [MigrationState] }

    let listener, source, target, phase, serving, step, problem, waiting: String
    /// A number of this start of the gateway.
    let start: Int
    let begun: Bool
    /// What a report on the target has to be about.
    let subject: MigrationSubject
    let keys: Int?
    let seen, copied, differing, bytes, retagged: Int
    /// Whether the target was made to serve without all that the source holds; and how many keys that are, where it is known.
    let partial: Bool
    /// Whether clients have called scripts or functions with keys.
    let scripts: Bool
    let kept: Int?
    /// What the operator leaves behind, in the words of --leave.
    let leaving: [String]
    let obstacles: [String]
    let again: Int
    let refused: [Refusal]
    let outcome: String?
    /// What has to stand behind --cut-over, each option behind a blank.
    let options: String

    enum CodingKeys: String, CodingKey {
        case listener, source, target, phase, serving, step, problem, waiting, start, begun, keys, seen, copied,
            differing, bytes
        case retagged, partial, scripts, kept, leaving, obstacles, refused, outcome
        case again = "copied-again"
        case subject = "report-about"
        case options = "cut-over-options"
    }

    /// The place that is copied to.
    var other: String { serving == "source" ? target : source }

    static func read(_ client: AdminClient, _ listener: String) throws -> MigrationState {
        let answer = Data(try client.get("/migrate").utf8)
        guard let document = try? JSONDecoder().decode(Document.self, from: answer) else {
            throw RunProblem("the gateway answers in another form: use the program of its own version")
        }
        guard let state = document.migrations.first(where: { $0.listener == listener }) else {
            let others = document.migrations.map(\.listener).joined(separator: ", ")
            throw RunProblem(
                "listener '\(listener)' has no migrate section in the gateway's configuration\(others.isEmpty ? ", and no other has one" : "; there are: \(others)")"
            )
        }
        return state
    }

    /// What is due; nil while something is under way.
    var next: String? {
        let command = "fairlead migrate \(listener)"
        switch phase {
        case "copying" where !begun: return "\(command) --report REPORT"
        case "copying" where step == "level": return "\(command) --cut-over\(options)"
        case "copying" where isIdle, "rolled-back": return command
        case "cut-over" where step == "idle": return "\(command) --finish, or \(command) and then --roll-back"
        case "cut-over" where step == "failed":
            return
                "\(command) --finish, or --roll-back once it is level (now only with --force, without what is not copied back)"
        case "cut-over": return "\(command) --finish, or --roll-back"
        case "finished": return "lead listener '\(listener)' to '\(target)' and remove its migrate section"
        default: return nil
        }
    }

    private var isIdle: Bool { step == "idle" || step == "failed" }

    func words(_ refusal: Refusal) -> String {
        "'\(other)' cannot hold \(Self.count(refusal.keys)) of type \(refusal.type): \(refusal.reason)"
    }

    /// What `--status` says beside its line.
    var notes: [String] {
        let left = leaving.isEmpty ? [] : ["left behind, as --leave has said: \(leaving.joined(separator: ", "))"]
        let called =
            scripts
            ? "clients call scripts or functions: keys that these write beside those that they are called with are not noted, and may not be copied"
            : nil
        return obstacles + left + [called].compactMap(\.self) + (caution.map { [$0] } ?? [])
    }

    /// What has to be known of a target that serves by force; nil for nothing.
    var caution: String? {
        guard partial else { return nil }
        if let kept {
            return """
                \(Self.count(kept)) that '\(target)' could not hold stay at '\(source)' alone, until clients write them anew: after --roll-back they \
                are served again, and --finish leaves them behind
                """
        }
        return """
            '\(target)' serves without all that '\(source)' holds, and not all of that is known by name. So '\(source)' keeps whatever \
            '\(target)' does not have, but for what clients are seen deleting by name: what goes in another way (FLUSHALL, scripts, more \
            keys at once than are noted, or in the moment in which the gateway is killed) is there again after --roll-back
            """
    }

    private static func count(_ keys: Int) -> String { "\(keys) \(keys == 1 ? "key" : "keys")" }

    /// How far it is: `copying, 52 % …`.
    private var stage: String {
        switch (phase, step) {
        case ("rolled-back", _): "rolled back"
        case ("finished", _): "finished"
        case ("cut-over", "idle"): "cut over, nothing is copied back"
        case ("cut-over", "failed"): "cut over, copying back has failed"
        case ("cut-over", _): "cut over, copying back, \(step)"
        case (_, "idle"): "copying, stopped"
        default: "\(phase), \(step)"
        }
    }

    /// One line: `cache: old -> house, copying, filling [#####-----] 52 % …`.
    var line: String {
        if !begun, step == "idle" { return "\(listener): \(source) -> \(target), not begun" }
        var line = "\(listener): \(source) -> \(target), \(stage)"
        if phase == "rolled-back" || phase == "finished" { return line }
        if step == "filling" || step == "comparing" {
            if let keys, keys > 0 {
                let share = min(1, Double(seen) / Double(keys))
                let full = Int(share * 20)
                line +=
                    " [\(String(repeating: "#", count: full))\(String(repeating: "-", count: 20 - full))] \(Int(share * 100)) %"
            }
            line += " \(seen)\(keys.map { " of \($0)" } ?? "") keys"
        }
        line += ", \(copied) copied\(bytes > 0 ? " (\(bytes >> 20) MiB)" : ""), \(again) looked at again after writes"
        if step == "comparing" || step == "level" { line += ", \(differing) differed when compared" }
        if !waiting.isEmpty { line += "; \(waiting)" }
        return problem.isEmpty ? line : "\(line): \(problem)"
    }
}
