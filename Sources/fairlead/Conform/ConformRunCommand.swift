// `fairlead conform TARGET`: runs the suites of a target and writes the reports.

import ArgumentParser
import Conformance
import Gateway

/// `fairlead conform run`, which is what `fairlead conform TARGET` means.
struct ConformRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the suites that fit a target (the default).",
        discussion: """
            It touches nothing but names of its own, which it tells before it starts, unless --scratch says that the whole \
            server is the run's. A backend of --config runs behind a gateway that this process starts for the run, on ports \
            of 127.0.0.1 that the system picks; clients log in there with PGUSER and PGPASSWORD, REDISCLI_AUTH, or \
            AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, where the backend is trusted and asks.

            A private backend is held to its manifest by the suites of capabilities; --suite redis adds those of a wire.

            EXAMPLES
              fairlead conform redis://127.0.0.1:6379 --suite redis/strings --seed 7
              fairlead conform s3+http://KEY:SECRET@127.0.0.1:9000 --tag multipart --junit junit.xml
              fairlead conform redis://127.0.0.1:6380 --against redis://127.0.0.1:6379
              fairlead conform house-kv --config fairlead.yaml --json reports/house-kv.json
              fairlead conform --adapter ./house.yaml --url tcp://127.0.0.1:7070 --option token=s3cret
              fairlead conform redis://127.0.0.1:6399 --scratch --restart 'systemctl restart redis-test'
              fairlead conform --list --suite redis
            """)

    @OptionGroup var subject: ConformSubject

    @Option(
        help: ArgumentHelp(
            "Only suites of this name or folder, such as redis or redis/strings; repeatable.", valueName: "SUITE"))
    var suite: [String] = []

    @Option(
        name: .customLong("case"),
        help: ArgumentHelp("Only cases of this name; * stands for anything; repeatable.", valueName: "CASE"))
    var cases: [String] = []

    @Option(help: ArgumentHelp("Only cases with this tag; repeatable.", valueName: "TAG"))
    var tag: [String] = []

    @Option(help: ArgumentHelp("Another target: verdicts are about the difference.", valueName: "URL"))
    var against: String?

    @Option(help: ArgumentHelp("Write the report as JSON; - is standard output.", valueName: "FILE"))
    var json: String?

    @Option(help: ArgumentHelp("Write the report as JUnit XML.", valueName: "FILE"))
    var junit: String?

    @Option(help: ArgumentHelp("Write the report as Markdown.", valueName: "FILE"))
    var markdown: String?

    @Option(help: ArgumentHelp("Write the report as one HTML page.", valueName: "FILE"))
    var html: String?

    @Option(help: ArgumentHelp("Print or write the manifest that the verdicts support.", valueName: "FILE"))
    var manifest: String?

    @Option(help: ArgumentHelp("The heading of the report (default: the backend's name).", valueName: "TEXT"))
    var name: String?

    @Option(help: ArgumentHelp("Decides the order of the cases (default: another one each time).", valueName: "NUMBER"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Cases that run side by side (default: 8).", valueName: "COUNT"))
    var jobs: Int = 8

    @Option(
        help: ArgumentHelp(
            "Multiplies the deadlines of cases, for a target that is slow or far away (default: 1).",
            valueName: "TIMES"))
    var patience: Int = 1

    @Flag(help: "The whole server is the run's: cases may change what others would see, or empty it.")
    var scratch = false

    @Option(help: ArgumentHelp("A shell command that restarts the target.", valueName: "COMMAND"))
    var restart: String?

    @Option(help: ArgumentHelp("A file of departures that are known, with their reasons.", valueName: "FILE"))
    var declared: String?

    @Option(
        help: ArgumentHelp(
            "Where the suites are (default: $FAIRLEAD_SUITES, conformance/suites, or beside this program).",
            valueName: "FOLDER"))
    var suites: String?

    @Flag(help: "List the cases that would run, and run none.")
    var list = false

    /// Refuses a command line that names no target, or two.
    func requireSubject() throws {
        if !list { try subject.require() }
        guard (1...256).contains(jobs) else {
            throw UsageError(message: "--jobs takes 1 to 256", command: "conform")
        }
        guard (1...100).contains(patience) else {
            throw UsageError(message: "--patience takes 1 to 100", command: "conform")
        }
    }

    mutating func run() async throws {
        try requireSubject()
        do {
            if list { return try listCases() }
            let report = try await conform()
            try write(report)
            for sentence in report.drift { StandardError.write("worse than declared: \(sentence)") }
            if let interruption = report.interruption { StandardError.write("error: it ended early: \(interruption)") }
            StandardError.write("\(report.name): \(report.standing.rawValue): \(report.summary)")
            guard report.standing == .passed else { throw ExitCodes.failed }
        } catch let error as ExitCode {
            throw error
        } catch let error as UsageError {
            throw error
        } catch {
            StandardError.write("error: \(error)")
            throw ExitCodes.failed
        }
    }

    private func listCases() throws {
        let library = try SuitesFolder.library(suites)
        let wires = try subject.target.map { [try Target(url: $0).wire] } ?? Target.Wire.allCases
        for wire in wires {
            for one in library.cases(of: wire, Selection(suites: suite, cases: cases, tags: tag)) {
                print("\(one.id)  [\(one.proves.joined(separator: ", "))]  \(one.title)")
            }
        }
    }

    private func conform() async throws -> Report {
        let library = try SuitesFolder.library(suites)
        let departures = try declared.map { try Departures(yaml: try ReportFile.text($0), file: $0) } ?? Departures()
        let other = try against.map { try Target(url: $0) }
        let seed = seed ?? UInt64.random(in: 1...UInt64(UInt32.max))
        let place = try await subject.start()
        defer { place.stop() }
        var options = RunOptions(seed: seed)
        options.jobs = jobs
        options.patience = patience
        options.isScratch = scratch
        options.restartCommand = restart
        options.runnerVersion = fairleadVersion
        options.configurationHash = place.configurationHash
        options.adapter = place.adapter
        options.command = command(seed: seed)
        var selection = Selection(suites: suite, cases: cases, tags: tag)
        let targets = place.targets.filter { other == nil || $0.wire == other?.wire }
        guard !targets.isEmpty else { throw RunProblem("--against speaks another wire than \(place.name)") }
        if place.adapter != nil, suite.isEmpty, cases.isEmpty, tag.isEmpty {
            let capabilities = Selection(suites: ["capabilities"])
            if targets.contains(where: { !library.cases(of: $0.wire, capabilities).isEmpty }) {
                selection = capabilities
            }
        }
        let chosen = targets.filter { !library.cases(of: $0.wire, selection).isEmpty }
        guard !chosen.isEmpty else { throw RunProblem("no case is chosen: see fairlead conform --list") }
        var runs: [RunReport] = []
        for target in chosen {
            // An adapter that learns what it can do when it connects has done so in the first run.
            if !runs.isEmpty, place.adapter != nil, let manifest = await place.effectiveManifest(),
                !AdapterChecks.wires(of: manifest).contains(where: { $0.rawValue == target.wire.rawValue })
            {
                continue
            }
            let run = try ConformanceRun(
                target, against: other, drivers: Drivers.all, library: library, selection: selection, options: options)
            let progress = ConformProgress(target: target.label, isScratch: scratch)
            runs.append(try await run.runAside(progress))
        }
        var report = Report(of: runs, named: name ?? place.name)
        if let manifest = await place.effectiveManifest() { report.hold(to: manifest) }
        report.judge(departures)
        return report
    }

    private func write(_ report: Report) throws {
        if let json { try ReportFile.write(report.json(), to: json) }
        if let junit { try ReportFile.write(report.junit(), to: junit) }
        if let markdown { try ReportFile.write(report.markdown(), to: markdown) }
        if let html { try ReportFile.write(Matrix([report]).html(), to: html) }
        if let manifest { try ReportFile.write(report.supportedManifest(), to: manifest) }
    }

    /// The command that does the same again: with the seed, without passwords and without the files it writes.
    private func command(seed: UInt64) -> String {
        var words = ["fairlead", "conform"] + subject.words
        words += suite.flatMap { ["--suite", $0] } + cases.flatMap { ["--case", $0] } + tag.flatMap { ["--tag", $0] }
        if let against { words += ["--against", ConformSubject.withoutPassword(against)] }
        if scratch { words.append("--scratch") }
        if let restart { words += ["--restart", restart] }
        if let declared { words += ["--declared", declared] }
        words += ["--seed", "\(seed)"]
        if jobs != 8 { words += ["--jobs", "\(jobs)"] }
        if patience != 1 { words += ["--patience", "\(patience)"] }
        return words.map(Self.quoted).joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_./:=@+,%".utf8.contains(byte)
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
