// What a backend answered, in a form that every wire shares.

/// An observed value: a Redis reply, a row of a result, a part of an HTTP answer.
package indirect enum Value: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case double(Double)
    case bytes([UInt8])
    case list([Value])
    /// Named parts in the order in which they came, such as `status`, `headers`, `body`.
    case fields([Field])
    /// A value of a type of the wire's own: a Redis `simple`, `error`, `set`, `map`, `push`, `verbatim`, …
    case typed(String, Value)

    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: Value

        package init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    package static func text(_ text: String) -> Value { .bytes(Array(text.utf8)) }

    /// The part called `name`, or, for a number, the element at that place of a list (from 0).
    package subscript(name: String) -> Value? {
        switch self {
        case .fields(let fields): fields.first { $0.name == name }?.value
        case .list(let values): Int(name).flatMap { values.indices.contains($0) ? values[$0] : nil }
        case .typed(_, let inner): inner[name]
        default: nil
        }
    }
}

extension Value {
    /// The value as text, for variables; nil for what has several parts.
    package var asText: String? {
        switch self {
        case .null: ""
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .typed(_, let inner): inner.asText
        case .list, .fields: nil
        }
    }
}
