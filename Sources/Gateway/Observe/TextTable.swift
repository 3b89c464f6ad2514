// Tables for a terminal.

enum TextTable {
    /// `lines` of the same number of cells, indented, each column as wide as its widest cell.
    static func aligned(_ lines: [[String]]) -> String {
        guard let head = lines.first else { return "" }
        let widths = head.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        var text = ""
        for line in lines {
            let cells = line.indices.map { column in
                let isLast = column == line.count - 1
                return line[column] + String(repeating: " ", count: isLast ? 0 : widths[column] - line[column].count)
            }
            text += "  \(cells.joined(separator: "  "))\n"
        }
        return text
    }
}
