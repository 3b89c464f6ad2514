// The names of a folder's files.

import Foundation

struct LogFolderContents {
    let names: [String]
    init(_ path: String) throws { names = try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}
