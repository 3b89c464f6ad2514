// What filters do to a value, on its way out and on its way in.

/// Applies filters.
enum Filters {
    /// The value as it is written.
    static func encode(_ value: Value, _ filters: [Filter], _ rules: borrowing Encoder, now: Int64) -> Value {
        var value = value
        for filter in filters {
            switch filter {
            case .base64: value = .bytes(Codes.base64(value.asBytes.span))
            case .base64url: value = .bytes(Codes.base64(value.asBytes.span, urlSafe: true))
            case .hex: value = .bytes(Codes.hex(value.asBytes.span))
            case .percent: value = .bytes(Codes.percent(value.asBytes.span))
            case .json:
                var text: [UInt8] = []
                Codes.json(value.asBytes.span, into: &text)
                value = .bytes(text)
            case .escaped: value = .bytes(Codes.replacing(value.asBytes, rules.escapes))
            case .number: if let number = value.asNumber { value = .number(number) }
            case .bytes: break
            case .length: value = .number(Int64(value.asBytes.count))
            case .integer(let width, let isBig):
                let number = UInt64(bitPattern: value.asNumber ?? 0)
                let bytes = (0..<width).map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }
                value = .bytes(isBig ? bytes.reversed() : bytes)
            case .expiry: value = .number(rules.expiry.number(left: value.asNumber, now: now))
            case .plus(let addend): value = .number((value.asNumber ?? 0).addingReportingOverflow(addend).partialValue)
            case .times(let factor):
                value = .number((value.asNumber ?? 0).multipliedReportingOverflow(by: factor).partialValue)
            case .after(let prefix): value = .bytes(prefix + value.asBytes)
            case .without(let prefix): value = without(prefix, value)
            case .quoted: value = .bytes([0x22] + value.asBytes + [0x22])
            case .date: value = .bytes(DateText.http(value.asNumber ?? 0))
            }
        }
        return value
    }

    /// The value as it was meant; nil when it cannot be read so.
    static func decode(
        _ value: Value, _ filters: [Filter], _ escapes: [(from: [UInt8], to: [UInt8])]
    ) -> Value? {
        var value = value
        for filter in filters {
            switch filter {
            case .base64, .base64url:
                guard let bytes = Codes.base64Decoded(value.asBytes.span) else { return nil }
                value = .bytes(bytes)
            case .hex:
                guard let bytes = Codes.hexDecoded(value.asBytes.span) else { return nil }
                value = .bytes(bytes)
            case .percent:
                guard let bytes = Codes.percentDecoded(value.asBytes) else { return nil }
                value = .bytes(bytes)
            case .escaped: value = .bytes(Codes.replacing(value.asBytes, escapes.map { ($0.to, $0.from) }))
            case .number:
                guard let number = value.asNumber else { return nil }
                value = .number(number)
            case .integer(let width, let isBig):
                let bytes = value.asBytes
                guard bytes.count == width else { return nil }
                var number: UInt64 = 0
                for byte in isBig ? bytes : bytes.reversed() { number = number << 8 | UInt64(byte) }
                value = .number(Int64(bitPattern: number))
            case .length: value = .number(Int64(value.asBytes.count))
            case .plus(let addend):
                guard let sum = value.asNumber?.addingReportingOverflow(addend), !sum.overflow else { return nil }
                value = .number(sum.partialValue)
            case .times(let factor):
                guard let product = value.asNumber?.multipliedReportingOverflow(by: factor), !product.overflow
                else { return nil }
                value = .number(product.partialValue)
            case .without(let prefix): value = without(prefix, value)
            case .after(let prefix): value = .bytes(prefix + value.asBytes)
            case .quoted:
                guard let bytes = unquoted(value.asBytes) else { return nil }
                value = .bytes(bytes)
            case .date:
                guard let time = DateText.milliseconds(value.asBytes) else { return nil }
                value = .number(time)
            case .bytes, .json, .expiry: break
            }
        }
        return value
    }

    /// What stands between quotes, behind W/ or not (RFC 9110, 8.8.3); text without quotes is left as it is.
    private static func unquoted(_ text: [UInt8]) -> [UInt8]? {
        let inside = text.starts(with: Array("W/\"".utf8)) ? text.dropFirst(2) : text[...]
        guard inside.first == 0x22 else { return inside.contains(0x22) ? nil : text }
        guard inside.count >= 2, inside.last == 0x22 else { return nil }
        let bytes = inside.dropFirst().dropLast()
        return bytes.contains(0x22) ? nil : Array(bytes)
    }

    private static func without(_ prefix: [UInt8], _ value: Value) -> Value {
        let bytes = value.asBytes
        return bytes.starts(with: prefix) ? .bytes(Array(bytes.dropFirst(prefix.count))) : .bytes(bytes)
    }
}
