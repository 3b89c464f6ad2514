// Where the programs are that tests drive.

import Foundation

/// Paths of programs that are not in PATH; `Scripts/install` puts them there.
package enum Tools {
    /// The repository's root folder.
    package static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The Python environment that `Scripts/install` makes: `FAIRLEAD_TOOLS`, or `.tools` in the repository.
    package static let folder: String = {
        let folder = ProcessInfo.processInfo.environment["FAIRLEAD_TOOLS"] ?? ".tools"
        return folder.hasPrefix("/") ? folder : "\(repository)/\(folder)"
    }()

    /// The AWS command line client.
    package static var aws: String { get throws { try program("\(folder)/bin/aws") } }
    /// moto's S3 stand-in.
    package static var moto: String { get throws { try program("\(folder)/bin/moto_server") } }
    /// rclone, used as an S3 server and client.
    package static var rclone: String { get throws { try program("\(folder)/bin/rclone") } }
    /// The environment's Python.
    package static var python: String { get throws { try program("\(folder)/bin/python") } }

    /// The `fairlead` binary: `FAIRLEAD_BINARY`, or the one that `swift build` put beside the test bundle.
    package static var fairlead: String {
        get throws {
            if let path = ProcessInfo.processInfo.environment["FAIRLEAD_BINARY"] { return try program(path) }
            let bundle = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
            let folders = [bundle.deletingLastPathComponent().path, "\(repository)/.build/debug"]
            let paths = folders.map { "\($0)/fairlead" }
            for path in paths where FileManager.default.isExecutableFile(atPath: path) { return path }
            throw SupportError("no fairlead binary in \(folders.joined(separator: " or ")); run: swift build")
        }
    }

    /// Gives `path` back, or throws with the remedy when there is no program there.
    package static func program(_ path: String) throws -> String {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw SupportError("there is no program \(path); run: Scripts/install")
        }
        return path
    }

    /// Where PATH leads, with the folders that hold server programs added.
    package static func find(_ name: String) throws -> String {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/bin:/usr/sbin:/bin:/sbin"
        for folder in path.split(separator: ":") {
            let candidate = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw SupportError("there is no program \(name); run: Scripts/install")
    }
}
