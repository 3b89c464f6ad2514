// The folder of suites: every file of it, read, and its hash.

import Capabilities
import Digest
import Foundation

/// All suites of a folder.
package struct SuiteLibrary: Sendable {
    package var suites: [Suite]
    package var masks: [Mask]
    /// SHA-256 over the names and texts of all files, the first 12 digits of it.
    package var version: String

    /// What was wrong in the files, all of it at once.
    package struct Problems: Error, Sendable, CustomStringConvertible {
        package var list: [String]
        package var description: String { list.joined(separator: "\n") }
    }

    /// No suites, for who can do without.
    package static let none = SuiteLibrary(suites: [], masks: [], version: "")

    private init(suites: [Suite], masks: [Mask], version: String) {
        self.suites = suites
        self.masks = masks
        self.version = version
    }

    /// Reads every `WIRE/*.yaml` of `folder` and its `masks.yaml`.
    package init(folder: String, drivers: [any Driver]) throws(Problems) {
        var problems: [String] = []
        var files: [(name: String, path: String, text: String)] = []
        let manager = FileManager.default
        for wire in ((try? manager.contentsOfDirectory(atPath: folder)) ?? []).sorted() {
            for file in ((try? manager.contentsOfDirectory(atPath: "\(folder)/\(wire)")) ?? []).sorted()
            where file.hasSuffix(".yaml") {
                let path = "\(folder)/\(wire)/\(file)"
                guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                    problems.append("\(path): this file cannot be read as UTF-8")
                    continue
                }
                files.append((name: "\(wire)/\(file.dropLast(5))", path: path, text: text))
            }
        }
        let masksPath = "\(folder)/masks.yaml"
        let masksText = (try? String(contentsOfFile: masksPath, encoding: .utf8)) ?? ""
        masks = []
        do throws(SuiteProblem) {
            if !masksText.isEmpty { masks = try Mask.read(masksText, file: masksPath) }
        } catch { problems.append("\(error)") }
        suites = []
        let reader = SuiteReader(drivers: drivers, masks: Set(masks.map(\.name)))
        for file in files {
            do throws(SuiteProblem) {
                suites.append(try reader.suite(file.text, name: file.name, file: file.path))
            } catch { problems.append("\(error)") }
        }
        if files.isEmpty { problems.append("\(folder): there are no suites here: name their folder with --suites") }
        guard problems.isEmpty else { throw Problems(list: problems) }
        var hash = HashFunction(.sha256)
        for file in files { hash.update(Array((file.name + "\0" + file.text + "\0").utf8)) }
        hash.update(Array(masksText.utf8))
        version = String(decoding: hexadecimal(hash.finish()).prefix(12), as: UTF8.self)
    }

    /// The cases for `wire` that the selection names, in the order of their files.
    package func cases(of wire: Target.Wire, _ selection: Selection) -> [Case] {
        suites.flatMap(\.cases).filter { $0.wire == wire && selection.holds($0) }
    }
}

/// Which cases a run is about.
package struct Selection: Sendable, Equatable {
    /// Names of suites, or their beginnings up to a slash; empty for all.
    package var suites: [String]
    /// Names of cases, with or without their suite, where `*` stands for anything; empty for all.
    package var cases: [String]
    package var tags: [String]

    package init(suites: [String] = [], cases: [String] = [], tags: [String] = []) {
        self.suites = suites
        self.cases = cases
        self.tags = tags
    }

    func holds(_ one: Case) -> Bool {
        (suites.isEmpty || suites.contains { one.id.hasPrefix($0 + "/") })
            && (tags.isEmpty || tags.contains { one.tags.contains($0) })
            && (cases.isEmpty || cases.contains { Self.fits($0, one.id) })
    }

    private static func fits(_ pattern: String, _ id: String) -> Bool {
        let name = id.split(separator: "/").last.map(String.init) ?? id
        return Glob.matches(Array(pattern.utf8), Array(id.utf8)) || Glob.matches(Array(pattern.utf8), Array(name.utf8))
    }
}
