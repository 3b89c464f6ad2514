// The login that the gateway has at a backend, where its listeners ask clients themselves.

import Capabilities
import FoundationEssentials

/// Who the gateway is to a Redis backend, or a shadow to a PostgreSQL or an S3 backend.
package struct BackendLogin: Sendable, Equatable {
    /// Where the password is.
    package enum Password: Sendable, Equatable {
        /// In the configuration itself.
        case text(String)
        /// In a file, whose last line end is not part of it; read at start.
        case file(String)

        /// The password; nil when its file cannot be read.
        var bytes: [UInt8]? {
            switch self {
            case .text(let text): return Array(text.utf8)
            case .file(let path):
                guard var bytes = FileManager.default.contents(atPath: path).map(Array.init) else { return nil }
                if bytes.last == 10 { bytes.removeLast() }
                if bytes.last == 13 { bytes.removeLast() }
                return bytes
            }
        }
    }

    /// Nil for a server with a password and no users.
    package var user: String?
    package var password: Password
    /// The region that requests to an S3 server are signed for; nil for the usual one.
    package var region: String?

    /// Where requests to an S3 server name their bucket.
    package var addressing: BucketAddressing

    package init(
        user: String? = nil, password: Password, region: String? = nil, addressing: BucketAddressing = .path
    ) {
        self.user = user
        self.password = password
        self.region = region
        self.addressing = addressing
    }
}

/// Where a request names its bucket, "Virtual hosting of buckets".
package enum BucketAddressing: String, Sendable, CaseIterable {
    case path
    case virtualHosted = "virtual-hosted"
}

extension ConfigurationKey {
    static let loginKeys = [login, loginUser, loginPassword, loginPasswordFile, loginRegion, loginAddressing]

    static let login = ConfigurationKey(
        "backends.NAME.login", .section, default: .described("the clients' own"),
        """
        Redis: who Fairlead is to this backend, for listeners that ask clients themselves (`users`). Clients never \
        learn it. PostgreSQL, S3: who a [shadow](#shadowing) is to it (S3: an access key and its secret, for a scratch bucket), \
        and of S3 whose key signs what [moving](#moving) asks; clients log in and sign themselves.
        """)
    static let loginUser = ConfigurationKey(
        "backends.NAME.login.user", .text, default: .described("none: a password only"),
        "The user's name; S3: the access key.")
    static let loginPassword = ConfigurationKey(
        "backends.NAME.login.password", .text, default: .described("from `password-file`"),
        "The password; S3: the secret key.")
    static let loginPasswordFile = ConfigurationKey(
        "backends.NAME.login.password-file", .text, default: .described("none"),
        "A file that holds the password; read at start.")
    static let loginRegion = ConfigurationKey(
        "backends.NAME.login.region", .text, default: .described("`us-east-1`"),
        "S3: the region that what [moving](#moving) asks is signed for.")
    static let loginAddressing = ConfigurationKey(
        "backends.NAME.login.addressing", .choice(BucketAddressing.allCases.map(\.rawValue)),
        default: .value(BucketAddressing.path.rawValue),
        "S3: where what [moving](#moving) asks names the bucket: in the path, or in the host as `BUCKET.HOST`.")
}

extension ConfigurationDecoder {
    /// The login below `login`, or nil when there is none that could be read.
    mutating func backendLogin(_ parent: ConfigurationSection) -> BackendLogin? {
        guard let section = section(.login, in: parent) else { return nil }
        let user = text(.loginUser, in: section)
        let password = text(.loginPassword, in: section)
        let file = text(.loginPasswordFile, in: section)
        let region = text(.loginRegion, in: section)
        let addressing: BucketAddressing? = choice(.loginAddressing, in: section)
        if section.has(.loginPassword) == section.has(.loginPasswordFile) {
            add("expected either password or password-file", at: section.path)
        }
        let place = addressing ?? .path
        if let file {
            let password = BackendLogin.Password.file(absolute(file))
            if checkingFiles, password.bytes == nil {
                add("cannot read \(absolute(file))", at: section.path(of: .loginPasswordFile))
            }
            return BackendLogin(user: user, password: password, region: region, addressing: place)
        }
        return password.map {
            BackendLogin(user: user, password: .text($0), region: region, addressing: place)
        }
    }

    /// `path` as it is when absolute, else below the configuration file's folder.
    func absolute(_ path: String) -> String { RelativePath.joined(path, to: folder) }
}
