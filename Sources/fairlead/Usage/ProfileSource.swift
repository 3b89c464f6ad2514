// Where profiles are read from: a running gateway, files, or both.

import Usage

/// One profile of all that was named.
struct ProfileSource {
    /// A gateway's admin listener.
    let admin: String?
    let files: [String]

    func read() throws -> Profile {
        var profile = Profile()
        if let admin { profile = try Profile(json: AdminClient(admin).get("/usage")) }
        for file in files {
            guard let read = try ProfileFile(path: file).read() else {
                throw ProfileError(description: "there is no file \(file)")
            }
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
}
