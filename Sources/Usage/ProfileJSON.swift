// Profiles as JSON, and from it.

import FoundationEssentials

/// Why a text is no profile.
package struct ProfileError: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

extension Profile {
    /// Bytes of a document that is read: what a gateway with as many applications as it tells apart can write fits many times.
    package static let documentLimit = 64 * 1024 * 1024

    /// The document with its keys in order, so that equal profiles are equal texts.
    package func json() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Nothing but texts and whole numbers is in it, which cannot fail to be written.
        let data = (try? encoder.encode(self)) ?? Data()
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    /// The profile that `text` spells.
    package init(json text: String) throws(ProfileError) {
        guard text.utf8.count <= Self.documentLimit else {
            throw ProfileError(description: "the document exceeds \(Self.documentLimit) bytes")
        }
        let profile: Profile
        do {
            profile = try JSONDecoder().decode(Profile.self, from: Data(text.utf8))
        } catch {
            throw ProfileError(description: "this is no usage profile: \(Self.cause(of: error))")
        }
        guard profile.schema == Self.schema else {
            throw ProfileError(
                description: "this version reads \(Self.schema), and the document says \(profile.schema.prefix(40))")
        }
        // Made anew, so that what comes from elsewhere has the order and the bounds of what is made here.
        self = Profile()
        merge(profile)
    }

    private static func cause(of error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' is of another type"
        default: "it is not JSON of that form"
        }
    }
}
