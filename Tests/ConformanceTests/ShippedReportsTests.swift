// Makes the committed reports when it is asked to; otherwise holds them to the suites and the version of today.

import Conformance
import Foundation
import TestSupport
import Testing

@Suite("The committed reports", .serialized)
struct ShippedReportsTests {
    /// `FAIRLEAD_REPORTS`: `all`, or names with commas between them; empty where nothing is to be made.
    private static let wanted = ProcessInfo.processInfo.environment["FAIRLEAD_REPORTS"] ?? ""

    private static let asked = ShippedReport.all.filter { report in
        wanted == "all" || wanted.split(separator: ",").contains { $0 == report.name }
    }

    @Test("made anew", .enabled(if: !wanted.isEmpty), arguments: asked)
    func make(_ report: ShippedReport) async throws {
        let file = "\(ShippedReport.folder)/\(report.name).json"
        try await report.make { arguments, folder in
            try await Command.check(
                [try Tools.fairlead, "conform"] + arguments + ["--name", report.name, "--json", file],
                env: ["FAIRLEAD_SUITES": "\(Tools.repository)/conformance/suites"], folder: folder,
                timeout: .seconds(600))
        }
    }

    @Test(
        "there is one for each backend, it passed, and it is about the suites as they are", .enabled(if: wanted.isEmpty)
    )
    func current() throws {
        let library = try SuiteLibrary(folder: "\(Tools.repository)/conformance/suites", drivers: Drivers.all)
        for shipped in ShippedReport.all {
            let report = try ReportFile.read("\(ShippedReport.folder)/\(shipped.name).json")
            let remedy: Comment = "\(shipped.name): run Scripts/reports"
            #expect(report.name == shipped.name && report.standing == .passed, remedy)
            #expect(report.suites == library.version, remedy)
            #expect(report.drift == [], remedy)
        }
        #expect(try !Self.namesThisMachine())
        let files = try FileManager.default.contentsOfDirectory(atPath: ShippedReport.folder)
        #expect(Set(files) == Set(ShippedReport.all.map { "\($0.name).json" }))
    }

    /// Whether a report names a folder of the machine that made it.
    private static func namesThisMachine() throws -> Bool {
        try ShippedReport.all.contains { shipped in
            let text = try String(contentsOfFile: "\(ShippedReport.folder)/\(shipped.name).json", encoding: .utf8)
            return [Tools.repository, NSTemporaryDirectory() + "fairlead-"].contains { text.contains($0) }
        }
    }
}
