// Where the suites are.

import Conformance
import Glibc

/// Finds the folder of suites: `--suites`, $FAIRLEAD_SUITES, the working directory's, or the one beside the program.
enum SuitesFolder {
    static func library(_ option: String?) throws -> SuiteLibrary {
        try SuiteLibrary(folder: try path(option), drivers: Drivers.all)
    }

    static func path(_ option: String?) throws -> String {
        if let option { return option }
        if let variable = getenv("FAIRLEAD_SUITES").map({ String(cString: $0) }), !variable.isEmpty { return variable }
        let candidates = ["conformance/suites"] + beside
        guard let found = candidates.first(where: { access($0, R_OK | X_OK) == 0 }) else {
            throw RunProblem(
                "there are no suites at \(candidates.joined(separator: " or ")): name their folder with --suites or FAIRLEAD_SUITES"
            )
        }
        return found
    }

    /// `share/fairlead/suites` in the folder that the program lies in, and beside that folder, as in `/usr/bin` and `/usr/share`.
    private static var beside: [String] {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return [] }
        let program = String(decoding: buffer.prefix(count), as: UTF8.self)
        guard let cut = program.lastIndex(of: "/") else { return [] }
        return ["", "/.."].map { "\(program[..<cut])\($0)/share/fairlead/suites" }
    }
}
