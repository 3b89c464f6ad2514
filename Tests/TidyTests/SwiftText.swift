// Swift source without its comments and the contents of its strings, so that rules look at code only.

/// Just enough of Swift's lexical rules to tell code from comments and strings.
enum SwiftText {
    /// The code of `text`: comments are gone, strings are empty, lines stay.
    static func code(of text: String) -> String {
        var code: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        func starts(_ word: String, at place: Int) -> Bool { bytes[place...].starts(with: word.utf8) }
        while index < bytes.count {
            if starts("//", at: index) {
                while index < bytes.count, bytes[index] != 0x0A { index += 1 }
            } else if starts("/*", at: index) {
                while index < bytes.count, !starts("*/", at: index) { index += 1 }
                index += 2
            } else if bytes[index] == 0x22 || starts("#\"", at: index) || starts("##\"", at: index) {
                var hashes = 0
                while bytes[index] == 0x23 {
                    hashes += 1
                    index += 1
                }
                let quotes = starts("\"\"\"", at: index) ? 3 : 1
                let end = String(repeating: "\"", count: quotes) + String(repeating: "#", count: hashes)
                index += quotes
                while index < bytes.count, !starts(end, at: index) {
                    // A backslash hides the quote behind it, but not in a raw string.
                    if bytes[index] == 0x5C, hashes == 0 { index += 1 }
                    if index < bytes.count, bytes[index] == 0x0A { code.append(0x0A) }
                    index += 1
                }
                index += end.utf8.count
                code += [0x22, 0x22]
            } else {
                code.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: code, as: UTF8.self)
    }
}
