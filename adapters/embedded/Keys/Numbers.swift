// Numbers as text, by Redis's rules.

import Glibc

#if arch(x86_64)
    /// What floating-point increments are computed in; Redis uses the machine's `long double`.
    typealias Wide = Float80
#else
    typealias Wide = Double
#endif

enum Numbers {
    /// The whole number that `text` is: no sign but a minus, no leading zeros, no spaces.
    static func integer(_ text: [UInt8]) -> Int64? {
        guard !text.isEmpty, text.count <= 20 else { return nil }
        if text.count == 1, text[0] == UInt8(ascii: "0") { return 0 }
        let isNegative = text[0] == UInt8(ascii: "-")
        var index = isNegative ? 1 : 0
        guard index < text.count, text[index] >= UInt8(ascii: "1"), text[index] <= UInt8(ascii: "9") else { return nil }
        var value: Int64 = 0
        while index < text.count {
            guard text[index] >= UInt8(ascii: "0"), text[index] <= UInt8(ascii: "9") else { return nil }
            let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(text[index] - UInt8(ascii: "0"))
            // Counting below zero, because the lowest number has no positive counterpart.
            let (next, passed) = tens.subtractingReportingOverflow(digit)
            guard !overflowed, !passed else { return nil }
            value = next
            index += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    static func text(of number: Int64) -> [UInt8] {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
            var index = 20
            var rest = number.magnitude
            repeat {
                index -= 1
                buffer[index] = UInt8(truncatingIfNeeded: rest % 10) + UInt8(ascii: "0")
                rest /= 10
            } while rest > 0
            if number < 0 {
                index -= 1
                buffer[index] = UInt8(ascii: "-")
            }
            return [UInt8](buffer[index..<20])
        }
    }

    /// The number that `text` is in the forms of `strtold`; nil when it is not a number, or more than that.
    static func wide(_ text: [UInt8]) -> Wide? {
        guard !text.isEmpty, text.count < 5 * 1024, !text.contains(0), isspace(Int32(text[0])) == 0 else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { buffer in
            for index in text.indices { buffer[index] = CChar(bitPattern: text[index]) }
            buffer[text.count] = 0
            guard let base = buffer.baseAddress else { return nil }
            var end: UnsafeMutablePointer<CChar>?
            errno = 0
            #if arch(x86_64)
                let value = strtold(base, &end)
            #else
                let value = strtod(base, &end)
            #endif
            let isOutOfRange = errno == ERANGE && (value.isInfinite || value == 0)
            guard end == base + text.count, !isOutOfRange, !value.isNaN else { return nil }
            return value
        }
    }

    /// At most 17 digits behind the point, without zeros at the end.
    static func text(of number: Wide) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 5 * 1024)
        #if arch(x86_64)
            let format = "%.17Lf"
        #else
            let format = "%.17f"
        #endif
        let count = withVaList([number]) { vsnprintf(&buffer, buffer.count, format, $0) }
        var text = buffer[0..<max(0, min(Int(count), buffer.count - 1))].map { UInt8(bitPattern: $0) }
        if text.contains(UInt8(ascii: ".")) {
            while text.last == UInt8(ascii: "0") { text.removeLast() }
            if text.last == UInt8(ascii: ".") { text.removeLast() }
        }
        return text == Array("-0".utf8) ? [UInt8(ascii: "0")] : text
    }
}
