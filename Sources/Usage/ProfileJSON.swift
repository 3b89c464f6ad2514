// Profiles as JSON, and from it.

import FoundationEssentials

/// Why a text is no profile.
package struct ProfileError: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

extension Profile {
    /// Bytes of a document that is read.
    package static let documentLimit = JSONDocument.limit

    /// The document with its keys in order, so that equal profiles are equal texts.
    package func json() -> String { JSONDocument.text(of: self) }

    /// The profile that `text` spells.
    package init(json text: String) throws(ProfileError) {
        let profile = try JSONDocument.read(text, as: Profile.self, (Self.schema, { $0.schema })) {
            "this is no usage profile: \(Self.cause(of: $0))"
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
