// Where profiles are read from: a running gateway, files, or both.

import Conformance
import Usage

/// One profile of all that was named.
struct ProfileSource {
    /// A gateway's admin listener; the usual one where nothing is named.
    let admin: String?
    let files: [String]

    init(admin: String?, files: [String]) {
        self.admin = admin ?? (files.isEmpty ? AdminClient.usualAddress : nil)
        self.files = files
    }

    func read() throws -> Profile {
        var profile = Profile()
        if let admin { profile = try Profile(json: AdminClient(admin).get("/usage")) }
        for file in files {
            let read = try Self.profile(in: file)
            let twice = profile.overlaps(with: read)
            guard twice.isEmpty else {
                throw ProfileError(
                    description:
                        "\(file) tells of \(twice.joined(separator: ", ")) at times that were read already; give each export once"
                )
            }
            profile.merge(read)
        }
        return profile
    }

    private static func profile(in file: String) throws(ProfileError) -> Profile {
        let read: Profile?
        do throws(ProfileError) { read = try ProfileFile(path: file).read() } catch {
            if (try? ReportFile.read(file)) != nil {
                throw ProfileError(description: "\(file) is a conformance report, and a usage profile belongs here")
            }
            // Some errors begin with the file already.
            let text = error.description.hasPrefix(file) ? error.description : "\(file): \(error)"
            throw ProfileError(description: "\(text); `fairlead usage --json > FILE` makes one")
        }
        guard let read else {
            throw ProfileError(
                description: "there is no file \(file); `fairlead usage --json > \(file)` makes one")
        }
        return read
    }
}

extension Profile {
    /// The same with the applications of this name, user or agent only.
    func only(_ name: String?) throws(ProfileError) -> Profile {
        guard let name else { return self }
        var profile = self
        profile.applications.removeAll { !$0.identity.values.contains(name) }
        guard profile.applications.isEmpty else { return profile }
        let names = Set(applications.flatMap(\.identity.values)).sorted()
        throw ProfileError(
            description: names.isEmpty
                ? "no application called \"\(name)\" was seen, nor any other that says what it is called: leave out --app"
                : "no application called \"\(name)\" was seen; there are: \(names.prefix(20).joined(separator: ", "))"
                    + (names.count > 20 ? " and \(names.count - 20) more" : ""))
    }
}
