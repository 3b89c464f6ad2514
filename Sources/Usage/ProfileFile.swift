// The file in which a gateway keeps its profile from one start to the next.

import FoundationEssentials
import Glibc

/// A profile on disk, replaced as a whole or not at all.
package struct ProfileFile: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// What is in the file; nil when there is none.
    ///
    /// - Throws: ``ProfileError`` when it cannot be read or is no profile.
    package func read() throws(ProfileError) -> Profile? {
        guard access(path, F_OK) == 0 else { return nil }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= Profile.documentLimit, let data = FileManager.default.contents(atPath: path)
        else { throw ProfileError(description: "\(path) cannot be read as a file of a usage profile") }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ProfileError(description: "\(path) is not UTF-8 text")
        }
        return try Profile(json: text)
    }

    /// Replaces the file: written beside it, flushed, and renamed over it.
    package func write(_ profile: Profile) throws(ProfileError) {
        let draft = "\(path).new"
        // Names of applications are nobody else's business.
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot write \(draft)") }
        var bytes = Array(profile.json().utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let error = failure("cannot write \(draft)")
                close(descriptor)
                unlink(draft)
                throw error
            }
            bytes = bytes.dropFirst(count)
        }
        let isKept = fsync(descriptor) == 0
        close(descriptor)
        guard isKept, rename(draft, path) == 0 else { throw failure("cannot replace \(path)") }
    }

    /// Moves a file that is no profile out of the way, and says where it is.
    package func putAside() -> String? {
        let aside = "\(path).damaged"
        return rename(path, aside) == 0 ? aside : nil
    }

    private func failure(_ what: String) -> ProfileError {
        ProfileError(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
