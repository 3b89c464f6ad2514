// Relative paths of a configuration file: where they begin, and how they were written.

package enum RelativePath {
    /// `path` as it is when absolute, else below `folder`; nil and `.` are the process's own folder.
    package static func joined(_ path: String, to folder: String?) -> String {
        guard !path.hasPrefix("/"), let folder, folder != "." else { return path }
        return "\(folder)/\(withoutDot(path))"
    }

    /// What ``joined(_:to:)`` has made `path` of, without the `./` that it may have begun with.
    package static func written(_ path: String, below folder: String?) -> String {
        guard let folder, path.hasPrefix(folder + "/") else { return withoutDot(path) }
        return withoutDot(String(path.dropFirst(folder.count + 1)))
    }

    private static func withoutDot(_ path: String) -> String {
        path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    }
}
