// Paths of certificate and key files, and what can be said of a file without OpenSSL.

import FoundationEssentials
import Glibc

/// What a PEM file must hold, as far as a look at its text can tell.
enum PEMFile {
    case certificates, privateKey

    /// What is wrong with the file at `path`, or nil; the file's content never appears in the answer.
    func complaint(at path: String) -> String? {
        guard access(path, R_OK) == 0 else {
            return "cannot read \(path): \(String(cString: strerror(errno)))"
        }
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8)
        else {
            return "\(path) is not a PEM file"
        }
        switch self {
        case .certificates
        where !text.contains("-----BEGIN CERTIFICATE-----")
            && !text.contains("-----BEGIN TRUSTED CERTIFICATE-----"):
            return "\(path) holds no PEM certificate (expected \"-----BEGIN CERTIFICATE-----\")"
        case .privateKey
        where text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED"):
            return "the key in \(path) is locked with a password; give one without, readable by Fairlead alone"
        case .privateKey where !text.contains("PRIVATE KEY-----"):
            return "\(path) holds no PEM private key (expected \"-----BEGIN PRIVATE KEY-----\")"
        default: return nil
        }
    }
}

extension ConfigurationDecoder {
    /// The path at `key`, joined to the configuration's folder when relative, and looked at when files are checked.
    mutating func file(_ key: ConfigurationKey, in section: ConfigurationSection, holds content: PEMFile) -> String? {
        guard let text = text(key, in: section) else { return nil }
        guard !text.isEmpty else {
            add("expected \(key.kind), got an empty text", at: section.path(of: key))
            return nil
        }
        let path = absolute(text)
        if checkingFiles, let complaint = content.complaint(at: path) {
            add(complaint, at: section.path(of: key))
        }
        return path
    }
}
