// Fuzzes the reader of S3's XML documents, and reads again what the writer makes of their texts.

import S3Wire
import Wire

private func depth(of element: S3XMLElement) -> Int { 1 + (element.children.map(depth).max() ?? 0) }
private func count(of element: S3XMLElement) -> Int { 1 + element.children.reduce(0) { $0 + count(of: $1) } }
private func texts(of element: S3XMLElement) -> [[UInt8]] { [element.text] + element.children.flatMap(texts) }

/// Checks the bounds of a document, and that a text comes back as it was written.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzS3Document(_ start: UnsafePointer<UInt8>?, _ length: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: length))
    guard let root = try? S3XMLElement.parse(input) else { return 0 }
    precondition(S3Limits.documentDepth.allows(depth(of: root)))
    precondition(S3Limits.documentElements.allows(count(of: root)))
    // What is no UTF-8 no document may hold, so the writer mends it.
    let all = texts(of: root).map { Array(String(decoding: $0, as: UTF8.self).utf8) }
    // No entity grows: a document says at most what it has bytes for.
    precondition(texts(of: root).joined().count <= length)
    var writer = S3XMLWriter("Texts")
    for text in all { writer.element("Text", text) }
    writer.close("Texts")
    guard S3Limits.document.allows(writer.bytes.count), S3Limits.documentElements.allows(all.count + 1) else {
        return 0
    }
    guard let again = try? S3XMLElement.parse(writer.bytes) else {
        preconditionFailure("what was written cannot be read")
    }
    precondition(again.children.map(\.text) == all, "a text came back as another")
    return 0
}
