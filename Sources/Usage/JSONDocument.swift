// What documents of this module have in common as JSON.

import FoundationEssentials

enum JSONDocument {
    /// Bytes of a document that is read: what a gateway with as many applications as it tells apart can write fits many times.
    static let limit = 64 * 1024 * 1024

    /// `value` with its keys in order, so that equal values are equal texts.
    static func text(of value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Nothing but texts and whole numbers is in it, which cannot fail to be written.
        let data = (try? encoder.encode(value)) ?? Data()
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    /// The value of `form` that `text` spells; `cause` says in words why it is none.
    static func read<Value: Decodable>(
        _ text: String, as form: Value.Type, _ schema: (expected: String, found: (Value) -> String),
        cause: (any Error) -> String
    ) throws(ProfileError) -> Value {
        guard text.utf8.count <= limit else { throw ProfileError(description: "the document exceeds \(limit) bytes") }
        let value: Value
        do {
            value = try JSONDecoder().decode(form, from: Data(text.utf8))
        } catch {
            throw ProfileError(description: cause(error))
        }
        guard schema.found(value) == schema.expected else {
            throw ProfileError(
                description:
                    "this version reads \(schema.expected), and the document says \(schema.found(value).prefix(40))")
        }
        return value
    }
}
