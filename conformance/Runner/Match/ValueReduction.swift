// Keeps large values small: their size and hash stand for them.

import Digest

extension Value {
    /// Bytes of one text that are kept as they are.
    private static let keptBytes = 4096

    /// The value with its large texts replaced by their size and hash, so that a report stays small and two can be compared.
    package var reduced: Value {
        switch self {
        case .bytes(let bytes) where bytes.count > Self.keptBytes:
            .typed(
                "large",
                .fields([
                    .init("size", .integer(Int64(bytes.count))),
                    .init("sha256", .bytes(hexadecimal(HashAlgorithm.sha256.hash(bytes)))),
                ]))
        case .list(let values): .list(values.map(\.reduced))
        case .fields(let fields): .fields(fields.map { .init($0.name, $0.value.reduced) })
        case .typed(let type, let inner): .typed(type, inner.reduced)
        default: self
        }
    }
}
