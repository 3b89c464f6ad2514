// A folder under /tmp that goes away with its owner.

import Foundation
import Synchronization

/// A new, empty folder with a short path (Unix socket paths may have 107 bytes); removed by `remove()` or at deinit.
///
/// Its name holds the test process's id. What is left of a process's folders when it ends is removed then, see ``FolderSweeper``; the first
/// folder that a process makes also removes what others left that could not be swept.
package final class TemporaryFolder: Sendable {
    package let path: String

    private static let prefix = "fairlead-test-"

    /// Makes the folder, readable by everyone so that a server with another user can pass through it.
    package init() throws {
        _ = Self.leftoversRemoved
        _ = Self.sweeper
        var template = Array("/tmp/\(Self.prefix)\(getpid())-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SupportError.system("mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        chmod(path, 0o755)
    }

    /// The path of `name` inside the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes `text` as the file `name` and gives its path.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    /// Makes the folder `name` inside and gives its path.
    package func folder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
        return file(name)
    }

    /// Removes the folder and all in it; a second call does nothing.
    package func remove() { try? FileManager.default.removeItem(atPath: path) }

    deinit { remove() }

    /// A folder that stays until the process ends, for what all tests of a process share.
    static func untilExit() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        shared.withLock { $0.append(folder) }
        return folder
    }

    private static let shared = Mutex<[TemporaryFolder]>([])
    private static let sweeper = try? FolderSweeper(prefix: "/tmp/\(prefix)\(getpid())-")

    private static let leftoversRemoved: Void = {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? [] where name.hasPrefix(prefix) {
            let owner = name.dropFirst(prefix.count).prefix { $0.isNumber }
            if let pid = pid_t(owner), kill(pid, 0) == -1, errno == ESRCH {
                try? FileManager.default.removeItem(atPath: "/tmp/\(name)")
            }
        }
    }()
}
