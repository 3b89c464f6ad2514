// `fairlead portability`: whether applications could move, and what would break.

import ArgumentParser
import Conformance
import Gateway
import Portability
import Usage

/// `fairlead portability`: joins usage profiles with conformance reports.
struct PortabilityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "portability",
        abstract: "Tell whether applications could move to other backends, and what would break.",
        discussion: """
            Joins what applications were seen to use (fairlead usage --json) with what candidates are proven to do \
            (fairlead conform --json). Each verdict is safe, safe with limits, or blocked, and names its reasons. Exits with 1 when one is \
            blocked; with --strict also when one has limits.

            EXAMPLES
              fairlead portability --usage checkout.json --to conformance/reports/memcached.json
              fairlead portability --usage all.json --app checkout --to reports/*.json --html verdicts.html
              fairlead portability --app checkout --to reports/house.json --shadow shadow.json
              fairlead portability --usage checkout.json --require
            """)

    @Option(
        name: .customLong("usage"), parsing: .upToNextOption,
        help: ArgumentHelp("Exported usage profiles.", valueName: "FILE"))
    var profiles: [String] = []

    @Option(
        help: ArgumentHelp(
            "A gateway's admin listener to ask for its profile (default: \(AdminClient.usualAddress), without --usage).",
            valueName: "ADDR"))
    var admin: String?

    @Option(help: ArgumentHelp("Only applications of this name, user or agent.", valueName: "NAME"))
    var app: String?

    @Option(
        name: .customLong("to"), parsing: .upToNextOption,
        help: ArgumentHelp("Reports on the candidates.", valueName: "REPORT"))
    var reports: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "What shadows have found (fairlead shadow --json); a candidate is matched with the report on it by configuration, adapter or name.",
            valueName: "FILE"))
    var shadow: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where the suites are that the reports were made with (default: as for fairlead conform).", valueName: "DIR"
        ))
    var suites: String?

    @Flag(help: "Print the verdicts as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Write the verdicts as a page.", valueName: "FILE"))
    var html: String?

    @Flag(help: "Exit with 1 unless every verdict is safe.")
    var strict = false

    @Flag(
        help:
            "Print what the applications need as lines for `require` in a configuration, and judge nothing; exits with 1 when they need more than that can say."
    )
    var require = false

    func validate() throws {
        if reports.isEmpty, !require { throw ValidationError("name the candidates' reports with --to REPORT") }
    }

    func run() throws {
        let worst: MoveVerdict?
        do {
            let profile = try ProfileSource(admin: admin, files: profiles).read().only(app)
            guard !profile.applications.isEmpty else {
                throw ProfileError(
                    description:
                        "the profile has no application: let clients use the gateway for a while, then export it again")
            }
            if require { return try Self.contract(profile.applications) }
            let candidates = try reports.map(Self.report)
            let differences = try shadow.flatMap { try Self.differences($0, candidates) }
            let suites = try suiteFeatures(for: candidates)
            let known = candidates.map(CandidateFacts.of)
            let assessments = profile.applications.flatMap { application in
                zip(candidates, known).map {
                    Assessment(application, on: $0, suites, shadow: differences, facts: $1)
                }
            }
            if let html { try ReportFile.write(assessments.html(windows: profile.windows), to: html) }
            let text =
                try json ? assessments.json(windows: profile.windows) : assessments.text(windows: profile.windows)
            print(text, terminator: "")
            worst = assessments.map(\.verdict).max { Self.order($0) < Self.order($1) }
        } catch let error as ExitCode {
            throw error
        } catch {
            StandardError.write("error: \(error)")
            throw ExitCodes.failed
        }
        if worst == .blocked || strict && worst == .limited { throw ExitCodes.failed }
    }

    /// Prints what `applications` need, and fails where that is more than a contract can say.
    private static func contract(_ applications: [Application]) throws {
        print(applications.requireSection, terminator: "")
        let beyond = applications.beyondCapabilities
        guard !beyond.isEmpty else { return }
        StandardError.write(
            """
            error: the applications use what no private backend has, and no line of `require` can say: \(beyond.joined(separator: ", ")); \
            a backend that covers these lines may refuse it (fairlead portability --to REPORT tells)
            """)
        throw ExitCodes.failed
    }

    /// What the shadows of a file have found, of which at the least one must be about a candidate of `reports`.
    static func differences(_ path: String, _ reports: [Report]) throws -> [Portability.ShadowDifference] {
        let text = try ReportFile.text(path)
        do throws(ProfileError) {
            let document = try ShadowDocument(json: text)
            let candidates = Set(document.shadows.map { ShadowCandidate($0) })
            let strangers = candidates.filter { one in !reports.contains { one.isSubject(of: $0) } }
            let names = strangers.map(\.description).sorted().joined(separator: ", ")
            let given = reports.map { "\($0.name)\($0.adapter.map { " (adapter \($0))" } ?? "")" }.joined(
                separator: ", ")
            guard candidates.isEmpty || strangers.count < candidates.count else {
                throw ProfileError(
                    description:
                        "it is about \(names), and the reports are about \(given): name a report on the candidate with --to"
                )
            }
            if !strangers.isEmpty {
                StandardError.write(
                    "warning: \(path): what was found of \(names) is in no verdict: the reports are about \(given)")
            }
            return Portability.ShadowDifference.read(document)
        } catch {
            throw ReportProblem("\(path): \(error)")
        }
    }

    static func report(_ path: String) throws(ReportProblem) -> Report {
        do throws(ReportProblem) { return try ReportFile.read(path) } catch {
            if let profile = try? ProfileFile(path: path).read(), !profile.windows.isEmpty {
                throw ReportProblem("\(path) is a usage profile: name it with --usage, and a conformance report here")
            }
            throw ReportProblem(
                """
                \(error): --to takes the file of a report, such as conformance/reports/memcached.json; `fairlead conform TARGET --json \(path)` makes one
                """)
        }
    }

    private static func order(_ verdict: MoveVerdict) -> Int { MoveVerdict.allCases.firstIndex(of: verdict) ?? 0 }

    /// What the cases of the reports ask for; only a report on a private backend can do without the suites.
    private func suiteFeatures(for candidates: [Report]) throws -> SuiteFeatures {
        let isTrusted = candidates.contains { report in report.cases.contains { $0.group != "capabilities" } }
        guard isTrusted || suites != nil || (try? SuitesFolder.path(nil)) != nil else { return SuiteFeatures() }
        let library = try SuitesFolder.library(suites)
        for report in candidates where report.suites != library.version {
            StandardError.write(
                "warning: the report on \(report.name) was made with other suites (\(report.suites)) than these (\(library.version)): cases that have changed are not found"
            )
        }
        return try SuiteFeatures(library, of: candidates)
    }
}
