// Lines that fit on a terminal.

import Usage

/// Breaks `text` between words into lines of `width` characters at most, the first behind `first` and the others behind as many spaces as
/// `indent` says; a word that is longer has a line of its own.
func wrapped(_ text: String, first: String, indent: Int, width: Int = 100) -> String {
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in text.printable.split(separator: " ") {
        if !isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            line = String(repeating: " ", count: indent)
            isEmpty = true
        }
        line += (isEmpty ? "" : " ") + word
        isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n") + "\n"
}
